import type { FastifyReply } from 'fastify';
import type { SessionGrant } from '../application/session-ports';

/** Sent with every call to this host and no other, never to scripts, never in the clear; not with writes from other sites (S2-05). */
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Lax';

/** Of the reply, which must be kept by nobody but the browser that gets it. */
export function giveSessionCookie(reply: FastifyReply, { token, expiresAt }: SessionGrant, now: Date): void {
  const lifeSeconds = Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1_000));
  setCookie(reply, `token=${token.reveal()}; ${ATTRIBUTES}; Max-Age=${lifeSeconds}`);
}

export const takeSessionCookie = (reply: FastifyReply): void => setCookie(reply, `token=; ${ATTRIBUTES}; Max-Age=0`);

function setCookie(reply: FastifyReply, cookie: string): void {
  void reply.header('cache-control', 'no-store').header('set-cookie', cookie);
}
