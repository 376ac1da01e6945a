import { holdsKey } from '@latchkey/access';
import { AppError, sessionId, type Clock, type IdSource, type RequestId, type Secret } from '@latchkey/kernel';
import type { UserId, WorkspaceId } from '@latchkey/kernel';
import type { ChangedSubject, Settlement } from '@latchkey/live-state';
import { decideSession, type SessionEndReason } from '../domain/session/session';
import { decideUser } from '../domain/user/decide';
import { metaOf, type Caller } from './caller';
import { pageOf, type PageOf } from './page-of';
import type { ListPosition, Transaction, Users } from './ports';
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
  /** Between two refreshes of one session, in ms. */
  readonly refreshLeastMs: number;
}

/** Sessions of users (C9, C32). Whatever ends here is over on every node before the answer. `caller`: in one of its own sessions. */
export class UserSessions implements Sessions {
  constructor(private readonly parts: UserSessionsParts) {}

  open(session: NewSession): Promise<SessionGrant> {
    return this.#open(session, wholeSeconds(this.parts.clock.now().getTime() + this.parts.lifeMs));
  }

  /**
   * Trades a token in for the next one.
   * @throws AppError `auth.unauthorized` for what is no token of ours; `session.token_replaced` for one that was traded in a moment ago;
   * `auth.rate_limited` for one that was given a moment ago;
   * `session.ended`, also for one that was traded in before that: it is in two hands, so its session ends (C32)
   */
  async refresh(token: Secret, seen: Seen, requestId: RequestId): Promise<SessionGrant> {
    const claims = await this.#claimsOf(token);
    const now = this.parts.clock.now();
    const next = await this.#grant({ ...claims, tokenNumber: claims.tokenNumber + 1 });
    const { tokenNumber } = claims;
    const { refreshLeastMs } = this.parts;
    const { state, changed } = await this.parts.store.write({
      sessionId: claims.sessionId,
      decide: (before) =>
        decideSession({ type: 'RefreshSession', tokenNumber, ageLeastMs: refreshLeastMs, now }, before),
      meta: metaOf(callerOf(claims, requestId), now),
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
    await this.#end(claims, 'logout', callerOf(claims, requestId));
  }

  /** One of one's own. @throws AppError `session.not_found`, also when it has ended */
  async end(id: string, caller: Caller): Promise<void> {
    const session = await this.find(caller.userId, id);
    await this.#end(session, session.sessionId === caller.credentialId ? 'logout' : 'ended_by_user', caller);
  }

  /** All of one's own, in every workspace: one change of one subject. */
  async endAll(caller: Caller): Promise<void> {
    const now = this.parts.clock.now();
    const { changed } = await this.parts.users.write({
      userId: caller.userId,
      decide: (user) => decideUser({ type: 'EndSessions', now }, user),
      meta: metaOf(caller, now),
    });
    await this.parts.settlement.settle([changed]);
  }

  /**
   * Opens a session in another workspace of the user's in place of the one in hand, which ends in the same transaction: it is the one sign-in,
   * so it lives no longer, and does not become two.
   * @throws AppError `request.invalid` for the workspace that the session is in; `member.not_found` when it is none of the user's;
   * `session.not_found` or `session.ended` when somebody else has ended or left the session
   */
  async switchTo(workspaceId: WorkspaceId, caller: Caller, seen: Seen): Promise<SessionGrant> {
    const { userId, requestId } = caller;
    const left = await this.find(userId, caller.credentialId);
    if (workspaceId === left.workspaceId) {
      throw new AppError('request.invalid', {
        field: 'workspace_id',
        public: 'The session is in this workspace already.',
      });
    }
    const now = this.parts.clock.now();
    const ended: ChangedSubject[] = [];
    const user = { userId, sessionGeneration: left.generation };
    const within = async (tx: Transaction) => {
      // Of the last attempt alone.
      ended.length = 0;
      const changed = await this.parts.store.endIn(tx, {
        sessionId: left.sessionId,
        decide: (state) => decideSession({ type: 'LeaveSession', now }, state),
        meta: metaOf({ ...caller, workspaceId: left.workspaceId }, now),
      });
      ended.push(changed);
    };
    const next = { user, workspaceId, secondFactor: left.secondFactor, seen, requestId, within };
    const grant = await this.#open(next, left.expiresAt);
    await this.parts.settlement.settle(ended);
    return grant;
  }

  /** @throws AppError `session.not_found`, also when it has ended */
  async find(userId: UserId, id: string): Promise<ListedSession> {
    // A token that was pasted by mistake is not shown to a database that may log what it is asked for.
    const found = holdsKey(id) ? null : await this.parts.store.find(userId, id, this.parts.clock.now());
    if (found === null) throw new AppError('session.not_found');
    return found;
  }

  /** Oldest first. */
  async list(
    userId: UserId,
    position: ListPosition | null,
    limit: number,
  ): Promise<PageOf<ListedSession, ListPosition>> {
    const found = await this.parts.store.after(userId, position, limit + 1, this.parts.clock.now());
    return pageOf(found, limit, ({ openedAt: at, sessionId: id }) => ({ at, id }));
  }

  async #open(
    { user, workspaceId, secondFactor, seen, requestId, within }: NewSession,
    expiresAt: Date,
  ): Promise<SessionGrant> {
    const { ids, clock } = this.parts;
    const { userId, sessionGeneration: generation } = user;
    const now = clock.now();
    const id = sessionId(ids.next());
    const grant = await this.#grant({ sessionId: id, userId, workspaceId, tokenNumber: 1, expiresAt });
    const opening = { sessionId: id, userId, workspaceId, generation, secondFactor, expiresAt, now };
    await this.parts.store.write({
      sessionId: id,
      decide: (state) => decideSession({ type: 'OpenSession', ...opening }, state),
      meta: { actorId: userId, workspaceId, requestId, at: now },
      token: grant.token,
      seen,
      within,
    });
    return grant;
  }

  async #end(
    { sessionId: id, workspaceId }: Pick<ListedSession, 'sessionId' | 'workspaceId'>,
    reason: SessionEndReason,
    caller: Caller,
  ): Promise<void> {
    const now = this.parts.clock.now();
    const { changed } = await this.parts.store.write({
      sessionId: id,
      decide: (state) => decideSession({ type: 'EndSession', reason, now }, state),
      meta: metaOf({ ...caller, workspaceId }, now),
    });
    await this.parts.settlement.settle([changed]);
  }

  async #claimsOf(token: Secret): Promise<SessionClaims> {
    const claims = await this.parts.tokens.verify(token);
    if (claims === null) throw new AppError('auth.unauthorized');
    return claims;
  }

  async #grant(claims: SessionClaims): Promise<SessionGrant> {
    const { sessionId: id, workspaceId, expiresAt } = claims;
    return { token: await this.parts.tokens.issue(claims), sessionId: id, workspaceId, expiresAt };
  }
}

const callerOf = ({ sessionId: id, userId, workspaceId }: SessionClaims, requestId: RequestId): Caller => ({
  ...{ userId, workspaceId, keyScopes: null, requestId },
  credentialId: id,
});

/** As tokens tell time. */
const wholeSeconds = (ms: number): Date => new Date(Math.floor(ms / 1_000) * 1_000);
