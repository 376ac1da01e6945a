import { timestamp, timestampText, type Reply } from '@latchkey/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { ListedSession, SessionGrant } from '../../application/session-ports';
import { giveSessionCookie } from '../session-cookie';

/** A live session, as its user sees it. */
export const sessionSchema = z
  .strictObject({
    id: z.string(),
    workspace_id: z.string(),
    /** Whether it is the one that asks. */
    current: z.boolean(),
    /** Whether its user showed a second factor. */
    second_factor: z.boolean(),
    opened_at: timestampText,
    /** Behind by a minute at most. */
    last_active_at: timestampText.nullable(),
    /** When it ends unless it is used. */
    idle_until: timestampText,
    /** When it ends in any case. */
    expires_at: timestampText,
    ip: z.string().nullable(),
    user_agent: z.string().nullable(),
  })
  .meta({ id: 'Session' });

export type SessionRecord = Reply<typeof sessionSchema>;

export const sessionRecord = (session: ListedSession, currentId: string): SessionRecord => ({
  id: session.sessionId,
  workspace_id: session.workspaceId,
  current: session.sessionId === currentId,
  second_factor: session.secondFactor,
  opened_at: timestamp(session.openedAt),
  last_active_at: session.lastActiveAt && timestamp(session.lastActiveAt),
  idle_until: timestamp(session.idleUntil),
  expires_at: timestamp(session.expiresAt),
  ip: session.seen.ip,
  user_agent: session.seen.userAgent,
});

/** A session with its token, which is shown this once. */
export const grantSchema = z
  .strictObject({ token: z.string(), session_id: z.string(), workspace_id: z.string(), expires_at: timestampText })
  .meta({ id: 'SessionGrant' });

export type GrantRecord = Reply<typeof grantSchema>;

/** Gives the session to who called, in a cookie and in the body. */
export function granted(reply: FastifyReply, grant: SessionGrant, now: Date): GrantRecord {
  giveSessionCookie(reply, grant, now);
  return {
    token: grant.token.reveal(),
    session_id: grant.sessionId,
    workspace_id: grant.workspaceId,
    expires_at: timestamp(grant.expiresAt),
  };
}
