import type { RequestId, Secret, SessionId, UserId, WorkspaceId } from '@latchkey/kernel';
import type { SessionActivity, SessionEvent } from '@latchkey/contracts';
import type { EventMeta } from '@latchkey/event-store';
import type { ChangedSubject } from '@latchkey/live-state';
import type { SessionState } from '../domain/session/session';
import type { ActiveUser } from '../domain/user/user';
import type { ListPosition, Transaction } from './ports';

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
  /** Where the user has a role. */
  readonly workspaceId: WorkspaceId;
  /** Whether the user showed one. */
  readonly secondFactor: boolean;
  readonly seen: Seen;
  readonly requestId: RequestId;
  /** What is used up with it, in the same transaction. */
  readonly within?: (tx: Transaction) => Promise<void>;
}

/** Opens sessions for whoever has proved who they are. */
export interface Sessions {
  /**
   * @throws AppError `session.ended` when the user's sessions were all ended since the user was read, `member.not_found` when the user has
   * no role in the workspace; what `within` throws
   */
  open(session: NewSession): Promise<SessionGrant>;
}

/** Whose session it is, by a token whose signature is good. Whether the session is still live is another question. */
export interface SessionClaims {
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  /** From 1; a refresh gives the next one. */
  readonly tokenNumber: number;
  /** In whole seconds. */
  readonly expiresAt: Date;
}

export interface SessionTokens {
  issue(claims: SessionClaims): Promise<Secret>;
  /** Null: it is none of ours, or its time is over. */
  verify(token: Secret): Promise<SessionClaims | null>;
}

/** A live session as its user sees it. */
export interface ListedSession {
  readonly sessionId: SessionId;
  readonly workspaceId: WorkspaceId;
  /** The user's when it was opened. */
  readonly generation: number;
  readonly secondFactor: boolean;
  readonly openedAt: Date;
  /** Behind by a minute at most; null when it has been erased. */
  readonly lastActiveAt: Date | null;
  /** When it ends unless it is used (C9). */
  readonly idleUntil: Date;
  readonly expiresAt: Date;
  readonly seen: Seen;
}

export interface SessionWrite {
  readonly sessionId: SessionId;
  /** Pure; called again on newer state when somebody else was faster. */
  readonly decide: (state: SessionState) => readonly SessionEvent[];
  readonly meta: EventMeta;
  /** The current one after events that open or refresh the session. */
  readonly token?: Secret;
  readonly seen?: Seen;
  /** Runs in the transaction when all else is written. When it throws, nothing has happened. */
  readonly within?: ((tx: Transaction) => Promise<void>) | undefined;
}

export interface WrittenSession {
  /** After the events. */
  readonly state: SessionState;
  /** What must be settled before an answer may rely on it: also when nothing was decided, as somebody else's change may not be settled. */
  readonly changed: ChangedSubject;
}

/** Sessions as streams of events, and what must change with them. Each idle limit slides by a minute at least, or not at all. */
export interface SessionStore extends SessionActivity {
  /**
   * Loads, decides and writes events, outbox, subject and details in one transaction, in which the user stays as it is.
   * @throws AppError what `decide` and `within` throw; `session.ended` for a refresh of a session that was idle for too long, or whose user has ended
   * all, and as `Sessions.open`
   */
  write(write: SessionWrite): Promise<WrittenSession>;
  /** Ends a session as a part of a transaction. @throws AppError what `decide` throws */
  endIn(tx: Transaction, end: Pick<SessionWrite, 'sessionId' | 'decide' | 'meta'>): Promise<ChangedSubject>;
  /** Of the sessions of a user that are live at `now`. */
  find(userId: UserId, sessionId: string, now: Date): Promise<ListedSession | null>;
  /** Oldest first; at most `limit`, after the position given. */
  after(userId: UserId, position: ListPosition | null, limit: number, now: Date): Promise<readonly ListedSession[]>;
  /** Forgets sessions that could not be used any more at `time`. Their events stay. */
  prune(time: Date): Promise<void>;
}
