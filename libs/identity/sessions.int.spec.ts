import type { SessionEvent, SessionSubject } from '@latchkey/contracts';
import { isAppError, requestId, Secret, sessionId, type UserId, type WorkspaceId } from '@latchkey/kernel';
import { PostgresEventStore, type TransactionalEventStore } from '@latchkey/event-store';
import { JoseSessionTokens } from './adapters/jose-session-tokens';
import { PostgresSessionStore } from './adapters/postgres-session-store';
import { SessionSigningKeys } from './adapters/session-signing-keys';
import type { Caller } from './application/caller';
import type { SessionGrant } from './application/session-ports';
import { UserSessions } from './application/user-sessions';
import { decideUser } from './domain/user/decide';
import { identityDatabase, MASTER_KEY, type IdentityDatabase } from './testing/identity-database';
import { People } from './testing/people';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SEEN = { ip: '203.0.113.9', userAgent: 'a browser' };
const REQUEST = requestId('test');

/** The code of the refusal, or what it answers. */
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => (isAppError(error) ? error.code : error));

describe('sessions', () => {
  let identity: IdentityDatabase;
  let people: People;
  let sessions: UserSessions;
  let workspace: WorkspaceId;
  let user: UserId;
  let users = 0;

  beforeAll(async () => {
    identity = await identityDatabase();
    people = new People(identity);
    sessions = identity.sessions;
  });
  afterAll(() => identity.close());
  beforeEach(async () => {
    workspace = await people.workspace();
    users += 1;
    user = await people.member(workspace, 'member', `user${users}`);
  });

  const open = (options: { generation?: number; in?: WorkspaceId; secondFactor?: boolean } = {}) =>
    sessions.open({
      user: { userId: user, sessionGeneration: options.generation ?? 0 },
      workspaceId: options.in ?? workspace,
      secondFactor: options.secondFactor ?? false,
      seen: SEEN,
      requestId: REQUEST,
    });
  const callerIn = (grant: SessionGrant): Caller => ({
    ...{ credentialId: grant.sessionId, userId: user, workspaceId: grant.workspaceId, keyScopes: null },
    requestId: REQUEST,
  });
  const refresh = (token: Secret, by = sessions) => by.refresh(token, SEEN, REQUEST);
  const subjectOf = async (id: string): Promise<SessionSubject | null> => {
    const [snapshot] = await identity.subjects.read([{ kind: 'session', id }]);
    return snapshot?.body?.kind === 'session' ? snapshot.body : null;
  };
  const eventsOf = async (id: string) =>
    (await new PostgresEventStore(identity.dataSource).readStream(id)).map(
      ({ type, data }) => ({ type, data }) as SessionEvent,
    );
  const live = async () => (await sessions.list(user, null, 100)).items.map((session) => session.sessionId);
  /** Sessions as another process has them, or with something of it replaced. */
  const composed = (events: TransactionalEventStore = identity.events, Store = PostgresSessionStore) => {
    const { dataSource, subjects, clock, ids, settlement } = identity;
    const keys = new SessionSigningKeys({ dataSource, masterKey: MASTER_KEY, clock, ids, lifeMs: 7 * DAY_MS });
    return new UserSessions({
      store: new Store(dataSource, events, subjects, DAY_MS),
      tokens: new JoseSessionTokens(keys, clock),
      ...{ users: identity.users, settlement, ids, clock, lifeMs: 7 * DAY_MS, refreshLeastMs: MINUTE_MS },
    });
  };

  /** Appends to what is there, whatever was decided on. */
  const careless = (): TransactionalEventStore => ({
    readStream: (...of) => identity.events.readStream(...of),
    append: (append) => {
      const expected = append.expected === 'no_stream' ? 'no_stream' : 'exists';
      const write = () => identity.events.append({ ...append, expected });
      return write().catch((error: unknown) => {
        if (isAppError(error, 'stream.version_conflict')) return write();
        throw error;
      });
    },
    in: (tx) => identity.events.in(tx),
  });
  /** Whoever leaves a session that somebody else has left goes on. */
  class ForgivingStore extends PostgresSessionStore {
    override endIn(...[tx, { decide, ...end }]: Parameters<PostgresSessionStore['endIn']>) {
      return super.endIn(tx, { ...end, decide: (state) => (state.status === 'Open' ? decide(state) : []) });
    }
  }

  describe('that are opened', () => {
    it('have a token of the documented form, and its digest where enforcement finds it (S2-04)', async () => {
      const { token, sessionId: id, expiresAt } = await open();
      expect(token.reveal()).toMatch(/^eyJhbGciOiJIUzI1NiIs/);
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token.reveal()));
      expect(await subjectOf(id)).toEqual({
        kind: 'session',
        workspaceId: workspace,
        userId: user,
        status: 'active',
        generation: 0,
        tokenNumber: 1,
        tokenSha256: Buffer.from(digest).toString('hex'),
        secondFactor: false,
        idleUntilMs: identity.clock.now().getTime() + DAY_MS,
        expiresAtMs: identity.clock.now().getTime() + 7 * DAY_MS,
      });
      expect(expiresAt.getTime()).toBe(identity.clock.now().getTime() + 7 * DAY_MS);
    });

    it('are in their list with where they were opened, and no event says that, or the token', async () => {
      const { token, sessionId: id } = await open({ secondFactor: true });
      expect((await sessions.list(user, null, 10)).items).toMatchObject([
        { sessionId: id, workspaceId: workspace, secondFactor: true, seen: SEEN },
      ]);
      const events = await eventsOf(id);
      expect(events.map(({ type }) => type)).toEqual(['latchkey.session.opened.v1']);
      for (const secret of [token.reveal(), SEEN.ip, SEEN.userAgent])
        expect(JSON.stringify(events)).not.toContain(secret);
    });

    it('are not when the sessions of their user were ended since the password was looked at', async () => {
      await sessions.endAll({ ...callerIn(await open()) });
      expect(await codeOf(open())).toBe('session.ended');
      expect(await codeOf(open({ generation: 1 }))).toHaveProperty('token');
    });

    it('are not in a workspace where the user has no role', async () => {
      expect(await codeOf(open({ in: await people.workspace() }))).toBe('member.not_found');
    });

    it('are where the user goes on the next time', async () => {
      const other = await people.workspace();
      await people.joins(user, other, 'member');
      await open({ in: other });
      expect((await identity.contacts.find(user))?.lastWorkspaceId).toBe(other);
    });
  });

  describe('that are refreshed', () => {
    it('have another token, and a fresh window (S2-08)', async () => {
      const first = await open();
      identity.clock.advance(12 * 60 * MINUTE_MS);
      const second = await refresh(first.token);
      expect(second).toMatchObject({ sessionId: first.sessionId, expiresAt: first.expiresAt });
      expect(second.token.reveal()).not.toBe(first.token.reveal());
      expect(await subjectOf(first.sessionId)).toMatchObject({
        tokenNumber: 2,
        idleUntilMs: identity.clock.now().getTime() + DAY_MS,
      });
      expect(identity.settlement.settled.at(-1)).toMatchObject({ id: first.sessionId, version: 2 });
    });

    const race = async (by: UserSessions) => {
      const { token, sessionId: id } = await open();
      const all = await Promise.all(Array.from({ length: 100 }, () => codeOf(refresh(token, by))));
      const winners = all.filter(
        (one): one is SessionGrant => typeof one === 'object' && one !== null && 'token' in one,
      );
      return { id, winners, losers: all.filter((one) => typeof one === 'string') };
    };

    it('by a hundred at once are by one, and go on living (C32)', async () => {
      const { id, winners, losers } = await race(sessions);
      expect([winners.length, losers]).toEqual([1, Array.from({ length: 99 }, () => 'session.token_replaced')]);
      expect(await subjectOf(id)).toMatchObject({ status: 'active', tokenNumber: 2 });
      identity.clock.advance(MINUTE_MS);
      expect(await codeOf(refresh(winners[0]?.token ?? new Secret('')))).toHaveProperty('token');
    });

    it('are not again within a minute, as each refresh is written for ever; the token of the sign-in is at once', async () => {
      const { token: next, sessionId: id } = await refresh((await open()).token);
      identity.clock.advance(MINUTE_MS - 1_500);
      const refused = await refresh(next).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'auth.rate_limited', retryAfterSeconds: 2 });
      expect(await eventsOf(id)).toHaveLength(2);
      identity.clock.advance(1_500);
      expect(await codeOf(refresh(next))).toHaveProperty('token');
    });

    it('by a hundred at once would be by several, if nobody looked at what came in between', async () => {
      const { winners } = await race(composed(careless()));
      expect(winners.length).toBeGreaterThan(1);
    });

    it('end when a token comes again that was traded in ten seconds ago or more', async () => {
      const first = await open();
      const second = await refresh(first.token);
      identity.clock.advance(9_999);
      expect(await codeOf(refresh(first.token))).toBe('session.token_replaced');
      expect(await subjectOf(first.sessionId)).toMatchObject({ status: 'active' });
      identity.clock.advance(1);
      expect(await codeOf(refresh(first.token))).toBe('session.ended');
      expect(await subjectOf(first.sessionId)).toMatchObject({ status: 'ended' });
      expect(identity.settlement.settled.at(-1)).toMatchObject({ id: first.sessionId, version: 3 });
      expect(await codeOf(refresh(second.token))).toBe('session.ended');
    });

    it('are not with a token that somebody else has signed, or of another installation', async () => {
      const { token } = await open();
      const [head, claims] = token.reveal().split('.');
      expect(await codeOf(refresh(new Secret(`${head}.${claims}.${'A'.repeat(43)}`)))).toBe('auth.unauthorized');
      expect(await codeOf(refresh(new Secret('-')))).toBe('auth.unauthorized');
    });

    it('are not once they were idle for too long, or their life is over', async () => {
      const idle = await open();
      identity.clock.advance(DAY_MS);
      expect(await codeOf(refresh(idle.token))).toBe('session.ended');
      let { token } = await open();
      for (let day = 0; day < 7; day += 1) {
        identity.clock.advance(DAY_MS - MINUTE_MS);
        ({ token } = await refresh(token));
      }
      identity.clock.advance(7 * MINUTE_MS);
      expect(await codeOf(refresh(token))).toBe('auth.unauthorized');
    });

    it('are not when all sessions of the user have ended, or the user has no role there any more', async () => {
      const [one, two] = [await open(), await open()];
      const at = { actorId: 'test', workspaceId: workspace, requestId: 'test', at: identity.clock.now() };
      const now = identity.clock.now();
      await identity.users.write({
        userId: user,
        decide: (state) => decideUser({ type: 'SuspendMember', workspaceId: workspace, now }, state),
        meta: at,
      });
      expect(await codeOf(refresh(one.token))).toBe('session.ended');
      await sessions.endAll(callerIn(one));
      expect(await codeOf(refresh(two.token))).toBe('session.ended');
    });
  });

  describe('that end', () => {
    it('are over for enforcement when it is answered, and their details are forgotten (S2-09)', async () => {
      const { token, sessionId: id } = await open();
      await sessions.logOut(token, REQUEST);
      expect(await subjectOf(id)).toMatchObject({ status: 'ended', tokenNumber: 1 });
      expect(identity.settlement.settled.at(-1)).toEqual({ kind: 'session', id, workspaceId: workspace, version: 2 });
      expect(await live()).toEqual([]);
      const details = 'SELECT FROM session_detail WHERE session_id = $1';
      expect(await identity.dataSource.query(details, [id])).toEqual([]);
    });

    it('can be ended again, which is settled too, as the first answer may still be on its way', async () => {
      const { token, sessionId: id } = await open();
      await sessions.logOut(token, REQUEST);
      const settled = identity.settlement.settled.length;
      await sessions.logOut(token, REQUEST);
      expect(identity.settlement.settled.slice(settled)).toMatchObject([{ id, version: 2 }]);
    });

    it('are ended by their user one by one, from another of them, and by nobody else', async () => {
      const [here, there] = [await open(), await open()];
      const stranger = await people.member(workspace, 'owner', `stranger${users}`);
      expect(await codeOf(sessions.end(there.sessionId, { ...callerIn(here), userId: stranger }))).toBe(
        'session.not_found',
      );
      await sessions.end(there.sessionId, callerIn(here));
      expect(await live()).toEqual([here.sessionId]);
      expect((await eventsOf(there.sessionId)).at(-1)).toMatchObject({ data: { reason: 'ended_by_user' } });
    });

    it('are ended all at once, by one change of one subject', async () => {
      const grants = [await open(), await open(), await open()];
      const settled = identity.settlement.settled.length;
      await sessions.endAll(callerIn(grants[0] as SessionGrant));
      expect(identity.settlement.settled.slice(settled)).toMatchObject([{ kind: 'user', id: user }]);
      expect(await live()).toEqual([]);
    });

    it('are left behind when their user goes on in another workspace', async () => {
      const other = await people.workspace();
      await people.joins(user, other, 'auditor');
      const here = await open({ secondFactor: true });
      const there = await sessions.switchTo(other, callerIn(here), SEEN);
      expect(await live()).toEqual([there.sessionId]);
      expect(await subjectOf(there.sessionId)).toMatchObject({ workspaceId: other, secondFactor: true });
      expect((await eventsOf(here.sessionId)).at(-1)).toMatchObject({ data: { reason: 'workspace_switched' } });
      expect(await codeOf(sessions.switchTo(await people.workspace(), callerIn(there), SEEN))).toBe('member.not_found');
      expect(await live()).toEqual([there.sessionId]);
    });

    it('live no longer for being left behind: the next one ends when they would have', async () => {
      const other = await people.workspace();
      await people.joins(user, other, 'member');
      const here = await open();
      identity.clock.advance(12 * 60 * MINUTE_MS);
      const there = await sessions.switchTo(other, callerIn(here), SEEN);
      const back = await sessions.switchTo(workspace, callerIn(there), SEEN);
      expect([there.expiresAt, back.expiresAt]).toEqual([here.expiresAt, here.expiresAt]);
      expect(await subjectOf(back.sessionId)).toMatchObject({ expiresAtMs: here.expiresAt.getTime() });
      expect(await codeOf(sessions.switchTo(workspace, callerIn(back), SEEN))).toBe('request.invalid');
      expect(await live()).toEqual([back.sessionId]);
    });

    const switchAtOnce = async (by: UserSessions) => {
      const other = await people.workspace();
      await people.joins(user, other, 'member');
      const here = await open();
      await Promise.all(Array.from({ length: 100 }, () => codeOf(by.switchTo(other, callerIn(here), SEEN))));
      return { here, settled: identity.settlement.settled.at(-1) };
    };

    it('are left by one of a hundred at once', async () => {
      const { here, settled } = await switchAtOnce(sessions);
      expect(await live()).toHaveLength(1);
      expect(settled).toMatchObject({ id: here.sessionId, version: 2 });
      expect(await eventsOf(here.sessionId)).toHaveLength(2);
    });

    it('would be left by several of a hundred at once, if leaving one that has ended were no error', async () => {
      await switchAtOnce(composed(identity.events, ForgivingStore));
      expect((await live()).length).toBeGreaterThan(1);
    });
  });

  describe('that are used', () => {
    const use = (id: string, atMs = identity.clock.now().getTime()) =>
      identity.sessionStore.note([{ sessionId: sessionId(id), atMs }]);
    const versionOf = async (id: string) => (await identity.subjects.read([{ kind: 'session', id }]))[0]?.version;

    it('live on, by a write a minute at most (S1-16)', async () => {
      const { sessionId: id } = await open();
      const opened = identity.clock.now().getTime();
      for (let second = 0; second <= 180; second += 10) await use(id, opened + second * 1_000);
      expect(await versionOf(id)).toBe(4);
      expect(await subjectOf(id)).toMatchObject({ idleUntilMs: opened + 3 * MINUTE_MS + DAY_MS });
      expect((await sessions.find(user, id)).lastActiveAt).toEqual(new Date(opened + 3 * MINUTE_MS));
    });

    it('live no longer than their life', async () => {
      const { sessionId: id, expiresAt } = await open();
      const opened = identity.clock.now().getTime();
      for (let half = 1; half < 14; half += 1) await use(id, opened + (half * DAY_MS) / 2);
      expect(await subjectOf(id)).toMatchObject({ idleUntilMs: expiresAt.getTime() });
    });

    it('stay ended, whoever was seen using them before', async () => {
      const { token, sessionId: id } = await open();
      await sessions.logOut(token, REQUEST);
      await use(id, identity.clock.now().getTime() + 10 * MINUTE_MS);
      expect(await subjectOf(id)).toMatchObject({ status: 'ended' });
      expect(await versionOf(id)).toBe(2);
    });

    it('are not brought back by a use after they were idle for too long', async () => {
      const { sessionId: id } = await open();
      await use(id, identity.clock.now().getTime() + DAY_MS);
      expect(await versionOf(id)).toBe(1);
    });

    it('cannot come back by a use at the very time of their end', async () => {
      const grants = await Promise.all(Array.from({ length: 20 }, () => open()));
      const later = identity.clock.now().getTime() + 10 * MINUTE_MS;
      await Promise.all(
        grants.flatMap(({ token, sessionId: id }) => [sessions.logOut(token, REQUEST), use(id, later)]),
      );
      for (const { sessionId: id } of grants) expect(await subjectOf(id)).toMatchObject({ status: 'ended' });
    });

    it('are passed over when there are none', async () => {
      await use('01900000-0000-7000-8000-00000000dead');
    });
  });

  it('are forgotten after their life, and their events stay', async () => {
    const [old, ended] = [await open(), await open()];
    await sessions.logOut(ended.token, REQUEST);
    await identity.sessionStore.prune(old.expiresAt);
    expect(await subjectOf(old.sessionId)).not.toBeNull();
    await identity.sessionStore.prune(new Date(old.expiresAt.getTime() + 1));
    expect([await subjectOf(old.sessionId), await subjectOf(ended.sessionId)]).toEqual([null, null]);
    expect(await eventsOf(old.sessionId)).toHaveLength(1);
  });

  describe('keys of their tokens', () => {
    it('are made anew each month, or when it is asked for; what they have signed is good for its whole life', async () => {
      const { signingKeys, clock } = identity;
      const before = await open();
      const rotated = await signingKeys.rotate();
      const after = await open();
      const kidOf = ({ token }: SessionGrant) =>
        (JSON.parse(Buffer.from(token.reveal().split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
      expect(kidOf(before)).not.toBe(rotated.kid);
      expect(kidOf(after)).toBe(rotated.kid);
      expect(await codeOf(refresh(before.token))).toHaveProperty('token');
      clock.advance(31 * DAY_MS);
      const muchLater = await Promise.all([open(), open(), open()]);
      const [kid, ...others] = new Set(muchLater.map(kidOf));
      expect([others, kid === rotated.kid]).toEqual([[], false]);
      expect(await signingKeys.find(kidOf(before))).toBeNull();
      expect(await signingKeys.find(rotated.kid)).not.toBeNull();
    });

    it('are found by all who ask a process for the first time, and at once', async () => {
      const grants = await Promise.all(Array.from({ length: 20 }, () => open()));
      const fresh = composed();
      const refreshed = await Promise.all(grants.map(({ token }) => codeOf(refresh(token, fresh))));
      expect(refreshed.filter((one) => typeof one === 'string')).toEqual([]);
    });

    it('are not added to by whoever has another master key', async () => {
      await open();
      const { dataSource, clock, ids } = identity;
      const masterKey = new Secret('another'.repeat(8));
      const others = new SessionSigningKeys({ dataSource, masterKey, clock, ids, lifeMs: 7 * DAY_MS });
      await expect(others.rotate()).rejects.toThrow();
      expect(await codeOf(open())).toHaveProperty('token');
      expect(await codeOf(refresh((await open()).token, composed()))).toHaveProperty('token');
    });

    it('are the same in every process, and none of them is in the clear in the database', async () => {
      const { token } = await open();
      expect(await codeOf(refresh(token, composed()))).toHaveProperty('token');
      const { key } = await identity.signingKeys.current();
      const [row] = await identity.dataSource.query<{ all: string }[]>(
        `SELECT string_agg(encode(sealed, 'hex'), ' ') AS all FROM session_signing_key`,
      );
      expect(row?.all).not.toContain(Buffer.from(key).toString('hex'));
    });
  });
});
