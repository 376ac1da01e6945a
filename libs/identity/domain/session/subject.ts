import type { SessionSubject } from '@latchkey/contracts';
import type { OpenedSession } from './session';

/** What decisions need to know of a session. @param tokenSha256 of its current token, in hexadecimal digits */
export function sessionSubject(session: OpenedSession, tokenSha256: string, idleUntil: Date): SessionSubject {
  const { workspaceId, userId, generation, tokenNumber, secondFactor, expiresAt } = session;
  const ends = { idleUntilMs: Math.min(idleUntil.getTime(), expiresAt.getTime()), expiresAtMs: expiresAt.getTime() };
  return {
    kind: 'session',
    status: 'active',
    ...{ workspaceId, userId, generation, tokenNumber, tokenSha256, secondFactor },
    ...ends,
  };
}

/** Less would be a write for every click. */
const SLIDE_LEAST_MS = 60_000;

/**
 * With its idle limit after a use (C9); null: it stays where it is, as the session is no more, or was used a moment ago.
 * @param usedAt while it was live, so what was idle for too long meanwhile was not
 */
export function slidIdleLimit(session: SessionSubject, usedAt: Date, idleMs: number): SessionSubject | null {
  const at = usedAt.getTime();
  const idleUntilMs = Math.min(at + idleMs, session.expiresAtMs);
  if (session.status === 'ended' || at >= session.idleUntilMs) return null;
  return idleUntilMs - session.idleUntilMs < SLIDE_LEAST_MS ? null : { ...session, idleUntilMs };
}
