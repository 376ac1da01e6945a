import { timestamp } from '@latchkey/platform';
import type { FastifyReply } from 'fastify';
import type { ListedSession, SessionGrant } from '../../application/session-ports';
import { giveSessionCookie } from '../session-cookie';

/** A live session, as its user sees it. */
export interface SessionRecord {
  readonly id: string;
  readonly workspace_id: string;
  /** Whether it is the one that asks. */
  readonly current: boolean;
  /** Whether its user showed a second factor. */
  readonly second_factor: boolean;
  readonly opened_at: string;
  /** Behind by a minute at most. */
  readonly last_active_at: string | null;
  /** When it ends unless it is used. */
  readonly idle_until: string;
  /** When it ends in any case. */
  readonly expires_at: string;
  readonly ip: string | null;
  readonly user_agent: string | null;
}

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
export interface GrantRecord {
  readonly token: string;
  readonly session_id: string;
  readonly workspace_id: string;
  readonly expires_at: string;
}

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
