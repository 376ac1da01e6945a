import type { RequestId, Secret, SessionId, UserId, WorkspaceId } from '@latchkey/kernel';
import type { ActiveUser } from '../domain/user/user';

/** Where a session was opened or last used, as far as that is known. Kept where it can be erased. */
export interface Seen {
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** A token is shown once, and only its digest is kept. */
export interface SessionGrant {
  readonly token: Secret;
  readonly sessionId: SessionId;
  readonly workspaceId: WorkspaceId;
  /** In any case, however active it is (C32). */
  readonly expiresAt: Date;
}

export interface NewSession {
  /**
   * As it was read *before* its password or code was verified: whoever changed the password in between has ended the sessions of that
   * generation, this one too.
   */
  readonly user: Pick<ActiveUser, 'userId' | 'sessionGeneration'>;
  /** The user has a role there. */
  readonly workspaceId: WorkspaceId;
  /** Whether the user showed one. */
  readonly secondFactor: boolean;
  readonly seen: Seen;
  readonly requestId: RequestId;
}

/** Whose session it is, by a token whose signature is good. Whether it is still live is another question. */
export interface SessionClaims {
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  /** From 1; a refresh gives the next one. */
  readonly tokenNumber: number;
}

/** A live session as its user sees it. */
export interface ListedSession {
  readonly sessionId: SessionId;
  readonly workspaceId: WorkspaceId;
  readonly secondFactor: boolean;
  readonly openedAt: Date;
  readonly lastActiveAt: Date;
  /** When it ends unless it is used (C9). */
  readonly idleUntil: Date;
  readonly expiresAt: Date;
  readonly seen: Seen;
}

/** Sessions of users: what each does holds on every node when it resolves. */
export interface Sessions {
  /**
   * @throws AppError `stream.version_conflict` when the user's sessions were ended since it was read, or the user has no role in the
   * workspace: decide anew
   */
  open(session: NewSession): Promise<SessionGrant>;
}
