import { AppError, sessionId, type Clock, type IdSource, type RequestId, type Secret } from '@latchkey/kernel';
import type { SessionId, UserId, WorkspaceId } from '@latchkey/kernel';
import type { EventMeta } from '@latchkey/event-store';
import type { Settlement } from '@latchkey/live-state';
import { decideSession, type SessionEndReason } from '../domain/session/session';
import { decideUser } from '../domain/user/decide';
import type { ListPosition, Users } from './ports';
import type {
  ListedSession,
  NewSession,
  Seen,
  SessionClaims,
  SessionGrant,
  Sessions,
  SessionStore,
  SessionTokens,
} from './session-ports';

export interface UserSessionsParts {
  readonly store: SessionStore;
  readonly tokens: SessionTokens;
  readonly users: Pick<Users, 'write'>;
  readonly settlement: Settlement;
  readonly ids: IdSource;
  readonly clock: Clock;
  /** From its opening to its end, however active it is, in ms (C32). */
  readonly lifeMs: number;
}

/** Who acts, in which of their sessions. */
export interface SessionActor {
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  readonly sessionId: SessionId;
  readonly requestId: RequestId;
}

export interface SessionPage {
  readonly sessions: readonly ListedSession[];
  /** The last one's place; null: there are no more. */
  readonly next: ListPosition | null;
}

/** Sessions of users (C9, C32). Whatever ends here is over on every node before the answer. */
export class UserSessions implements Sessions {
  constructor(private readonly parts: UserSessionsParts) {}

  async open({ user, workspaceId, secondFactor, seen, requestId }: NewSession): Promise<SessionGrant> {
    const { ids, clock, lifeMs } = this.parts;
    const { userId, sessionGeneration: generation } = user;
    const now = clock.now();
    const id = sessionId(ids.next());
    const expiresAt = wholeSeconds(now.getTime() + lifeMs);
    const grant = await this.#grant({ sessionId: id, userId, workspaceId, tokenNumber: 1, expiresAt });
    const opening = { sessionId: id, userId, workspaceId, generation, secondFactor, expiresAt, now };
    await this.parts.store.write({
      sessionId: id,
      decide: (state) => decideSession({ type: 'OpenSession', ...opening }, state),
      meta: this.#meta(grant.claims, requestId, now),
      token: grant.token,
      seen,
    });
    return grant;
  }

  /**
   * Trades a token in for the next one.
   * @throws AppError `auth.unauthorized` for what is no token of ours; `session.token_replaced` for one that was traded in a moment ago;
   * `session.ended`, also for one that was traded in before that: it is in two hands, so its session ends (C32)
   */
  async refresh(token: Secret, seen: Seen, requestId: RequestId): Promise<SessionGrant> {
    const claims = await this.#claimsOf(token);
    const now = this.parts.clock.now();
    const next = await this.#grant({ ...claims, tokenNumber: claims.tokenNumber + 1 });
    const { tokenNumber } = claims;
    const { state, changed } = await this.parts.store.write({
      sessionId: claims.sessionId,
      decide: (before) => decideSession({ type: 'RefreshSession', tokenNumber, now }, before),
      meta: this.#meta(claims, requestId, now),
      token: next.token,
      seen,
    });
    await this.parts.settlement.settle([changed]);
    if (state.status !== 'Open') throw new AppError('session.ended');
    return next;
  }

  /** Whoever has any token of a session may end it. @throws AppError `auth.unauthorized` for what is no token of ours */
  async logOut(token: Secret, requestId: RequestId): Promise<void> {
    const claims = await this.#claimsOf(token);
    await this.#end(claims, 'logout', requestId);
  }

  /** One of one's own. @throws AppError `session.not_found`, also when it has ended */
  async end(actor: SessionActor, id: string): Promise<void> {
    const found = await this.find(actor.userId, id);
    const reason = found.sessionId === actor.sessionId ? 'logout' : 'ended_by_user';
    await this.#end({ ...actor, ...found }, reason, actor.requestId);
  }

  /** All of one's own, in every workspace: one change of one subject. */
  async endAll({ userId, workspaceId, requestId }: SessionActor): Promise<void> {
    const now = this.parts.clock.now();
    const { changed } = await this.parts.users.write({
      userId,
      decide: (user) => decideUser({ type: 'EndSessions', now }, user),
      meta: this.#meta({ userId, workspaceId }, requestId, now),
    });
    await this.parts.settlement.settle([changed]);
  }

  /** Opens a session in another workspace of the user's, and ends the one in hand. @throws AppError `member.not_found` when it is none */
  async switchTo(workspaceId: WorkspaceId, actor: SessionActor, seen: Seen): Promise<SessionGrant> {
    const { generation, secondFactor } = await this.find(actor.userId, actor.sessionId);
    const { userId, requestId } = actor;
    const user = { userId, sessionGeneration: generation };
    const grant = await this.open({ user, workspaceId, secondFactor, seen, requestId });
    await this.#end(actor, 'workspace_switched', requestId);
    return grant;
  }

  /** @throws AppError `session.not_found`, also when it has ended */
  async find(userId: UserId, id: string): Promise<ListedSession> {
    const found = await this.parts.store.find(userId, id);
    if (found === null) throw new AppError('session.not_found');
    return found;
  }

  /** Newest first. */
  async list(userId: UserId, position: ListPosition | null, limit: number): Promise<SessionPage> {
    const found = await this.parts.store.after(userId, position, limit + 1);
    const sessions = found.slice(0, limit);
    const last = found.length > limit ? sessions.at(-1) : undefined;
    return { sessions, next: last ? { at: last.openedAt, id: last.sessionId } : null };
  }

  async #end(
    session: Pick<SessionClaims, 'sessionId' | 'userId' | 'workspaceId'>,
    reason: SessionEndReason,
    requestId: RequestId,
  ): Promise<void> {
    const now = this.parts.clock.now();
    const { changed } = await this.parts.store.write({
      sessionId: session.sessionId,
      decide: (state) => decideSession({ type: 'EndSession', reason, now }, state),
      meta: this.#meta(session, requestId, now),
    });
    await this.parts.settlement.settle([changed]);
  }

  async #claimsOf(token: Secret): Promise<SessionClaims> {
    const claims = await this.parts.tokens.verify(token);
    if (claims === null) throw new AppError('auth.unauthorized');
    return claims;
  }

  async #grant(claims: SessionClaims): Promise<SessionGrant & { readonly claims: SessionClaims }> {
    const { sessionId: id, workspaceId, expiresAt } = claims;
    return { token: await this.parts.tokens.issue(claims), sessionId: id, workspaceId, expiresAt, claims };
  }

  #meta({ userId, workspaceId }: Pick<SessionClaims, 'userId' | 'workspaceId'>, id: RequestId, at: Date): EventMeta {
    return { actorId: userId, workspaceId, requestId: id, at };
  }
}

/** As tokens tell time. */
const wholeSeconds = (ms: number): Date => new Date(Math.floor(ms / 1_000) * 1_000);
