import type { RequestId, UserId } from '@latchkey/kernel';
import { PostgresSubjects } from '@latchkey/live-state';
import { UuidV7Source } from '@latchkey/platform';
import type { Role } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import { CryptoRandomness } from './adapters/crypto-randomness';
import { IdentityWorkspaces } from './adapters/identity-workspaces';
import { PostgresIssuedRequests } from './adapters/postgres-issued-requests';
import type { Caller } from './application/caller';
import { CreateKeyHandler } from './application/create-key.handler';
import { Grantors } from './application/grantors';
import type { OpenedSession } from './testing/identity';
import { issuanceService, type IssuanceService, type Method } from './testing/issuance-service';

const READ = { scopes: ['read:assets'] };

describe('S1-13 S2-01 a session does with keys what its user may do', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('s4e');
  });
  afterAll(() => issuance.stop());

  const owner = () => issuance.identity.openSession(issuance.identity.first.ownerId).token;
  const signIn = (role: Role): OpenedSession & { user: UserId } => {
    const user = issuance.identity.addMember(role);
    return { user, ...issuance.identity.openSession(user) };
  };
  const call = (key: string, method: Method, url: string, body?: object) => issuance.call(method, url, { key, body });
  const create = (key: string, body: object = READ) => call(key, 'POST', '/api/v1/api-keys', { name: 'key', ...body });
  const created = async (key: string, body?: object) => (await create(key, body)).body;
  const listed = async (key: string): Promise<string[]> =>
    (await call(key, 'GET', '/api/v1/api-keys?limit=200')).body.items.map(({ id }: { id: string }) => id);

  describe('what it grants', () => {
    it('S1-02 belongs to its user, whose doing the record says that it is', async () => {
      const { user, token } = signIn('member');
      const { id, created_by: maker } = await created(token);
      expect(maker).toBe(user);
      await eventually(() => {
        const event = issuance.published.find(({ key }) => key === id);
        expect(JSON.parse(event?.value.toString() ?? '{}')).toMatchObject({ actorid: user });
      });
    });

    it('lasts for ever, works from anywhere and for every asset, unless it is asked to be less', async () => {
      const { token } = signIn('admin');
      expect(await created(token)).toMatchObject({
        ...{ plan: 'standard', allowed_ips: [], assets: 'all', expires_at: null },
      });
    });

    it.each([
      ['member', { scopes: ['write:assets'], plan: 'enterprise' }, 201],
      ['member', { scopes: ['admin'] }, 403],
      ['member', { scopes: ['audit:read'] }, 403],
      ['member', { ...READ, plan: 'unlimited' }, 403],
      ['admin', { scopes: ['admin'], plan: 'enterprise' }, 201],
      ['admin', { ...READ, plan: 'unlimited' }, 403],
      ['owner', { scopes: ['admin'], plan: 'unlimited' }, 201],
      ['auditor', READ, 403],
    ] as const)('C18 C23 is at most what the role of an %s has: %j', async (role, body, status) =>
      expect((await create(signIn(role).token, body)).status).toBe(status),
    );

    it('C31 is shown once, also to the next session of who sends the request again', async () => {
      const user = issuance.identity.addMember('member');
      const send = () =>
        issuance.call('POST', '/api/v1/api-keys', {
          key: issuance.identity.openSession(user).token,
          body: { name: 'once', ...READ },
          headers: { 'idempotency-key': 'of-a-user' },
        });
      const first = await send();
      expect([first.status, (await send()).body]).toMatchObject([201, { code: 'key.secret_already_issued' }]);
    });
  });

  describe('whose keys it reaches', () => {
    it.each(['session', 'key'])(
      'a member’s %s reaches the member’s own, and to it there are no others',
      async (kind) => {
        const { token, user } = signIn('member');
        const scopes = ['apikeys:read', 'apikeys:write'];
        const mine = await created(token, { scopes });
        const credential = kind === 'session' ? token : mine.key;
        const other = await created(signIn('member').token);
        expect(await listed(credential)).toEqual([mine.id]);
        const s4e = (await call(credential, 'GET', '/api/keys')).body;
        expect([s4e.data.length, s4e.meta.total]).toEqual([1, 1]);
        const on = async (id: string) => [
          (await call(credential, 'GET', `/api/v1/api-keys/${id}`)).status,
          (await call(credential, 'GET', `/api/keys/${id}`)).status,
          (await call(credential, 'PATCH', `/api/v1/api-keys/${id}`, { name: 'renamed' })).status,
          (await call(credential, 'POST', `/api/v1/api-keys/${id}/rotate`)).status,
          (await call(credential, 'DELETE', `/api/v1/api-keys/${id}`)).status,
        ];
        expect(await on(other.id)).toEqual([404, 404, 404, 404, 404]);
        expect(await on(mine.id)).toEqual([200, 200, 200, 201, 204]);
        expect((await call(owner(), 'GET', `/api/v1/api-keys/${mine.id}`)).body.created_by).toBe(user);
      },
    );

    it.each(['owner', 'admin'] as const)('an %s reaches all', async (role) => {
      const { id } = await created(signIn('member').token);
      const { token } = signIn(role);
      expect(await listed(token)).toContain(id);
      expect((await call(token, 'PATCH', `/api/v1/api-keys/${id}`, { name: 'renamed' })).status).toBe(200);
      expect((await call(token, 'DELETE', `/api/v1/api-keys/${id}`)).status).toBe(204);
    });

    it('an auditor reads all, and changes none', async () => {
      const { id } = await created(signIn('member').token);
      const { token } = signIn('auditor');
      expect(await listed(token)).toContain(id);
      expect((await call(token, 'DELETE', `/api/v1/api-keys/${id}`)).status).toBe(403);
    });

    it.each(['session', 'key'])(
      'an admin’s %s is given no secret of another user’s key and makes none stronger, and may narrow and revoke it',
      async (kind) => {
        const { token } = signIn('admin');
        const credential = kind === 'session' ? token : (await created(token, { scopes: ['admin'] })).key;
        const { id, key } = await created(owner(), { scopes: ['admin'], allowed_ips: ['192.0.2.1'] });
        const attempts = [
          await call(credential, 'POST', `/api/v1/api-keys/${id}/rotate`, { grace_period_hours: 0 }),
          await call(credential, 'PATCH', `/api/v1/api-keys/${id}`, { allowed_ips: [] }),
          await call(credential, 'PUT', `/api/keys/${id}`, { allowed_ips: [] }),
        ];
        expect(attempts.map(({ status }) => status)).toEqual([403, 403, 403]);
        expect(attempts[0]?.body).toMatchObject({
          code: 'auth.forbidden',
          detail: expect.stringContaining('belongs to another user'),
        });
        expect(await issuance.check(key, [], '192.0.2.1')).toBe(200);
        const narrowed = await call(credential, 'PATCH', `/api/v1/api-keys/${id}`, { scopes: ['read:assets'] });
        expect(narrowed.status).toBe(200);
        expect((await call(credential, 'DELETE', `/api/v1/api-keys/${id}`)).status).toBe(204);
      },
    );

    it('S3-11 an admin’s key rotates what it made, and what its user’s session made', async () => {
      const { token } = signIn('admin');
      const { key } = await created(token, { scopes: ['admin'] });
      for (const maker of [key, token]) {
        const { id } = await created(maker);
        expect((await call(key, 'POST', `/api/v1/api-keys/${id}/rotate`)).status).toBe(201);
      }
    });

    it('S0-21 an owner’s plain key with `apikeys:*` reaches all', async () => {
      const { key } = await created(owner(), { scopes: ['apikeys:read', 'apikeys:write'] });
      const { id } = await created(signIn('member').token);
      expect(await listed(key)).toContain(id);
      expect((await call(key, 'DELETE', `/api/v1/api-keys/${id}`)).status).toBe(204);
    });
  });

  describe('when the role changes', () => {
    it('a key that has more than the role grants no more than that', async () => {
      const { user, token } = signIn('admin');
      const { key } = await created(token, { scopes: ['admin'] });
      issuance.identity.setRole(issuance.identity.first.workspaceId, user, 'member');
      expect((await create(key, { scopes: ['audit:read'] })).status).toBe(403);
      expect((await create(key)).status).toBe(201);
      expect(await issuance.check(key, ['audit:read'])).toBe(403);
      expect(await issuance.check(key, ['read:assets'])).toBe(200);
    });

    it('a key that stays by itself goes on granting what it has', async () => {
      const { user, token } = signIn('admin');
      const { key } = await created(token, { scopes: ['admin'] });
      issuance.identity.setRole(issuance.identity.first.workspaceId, user, null);
      expect((await create(key)).status).toBe(401);
      issuance.identity.set({ formerMembersKeys: 'stay' });
      const { status } = await create(key, { scopes: ['audit:read'] });
      issuance.identity.set({ formerMembersKeys: 'end' });
      expect(status).toBe(201);
    });

    /** What becomes of a creation by an admin's session when something changes after the session was looked at first. */
    const createWhile = (change: (of: ReturnType<typeof signIn>) => void, confirmed: boolean) => {
      const { clock, dataSource, identity, keys } = issuance;
      const grantors = new Grantors(keys, new IdentityWorkspaces(identity, identity), clock, { confirmed });
      const requests = new PostgresIssuedRequests(dataSource, new PostgresSubjects(dataSource));
      const handler = new CreateKeyHandler(
        ...([keys, requests, grantors, new CryptoRandomness(), new UuidV7Source(), clock] as const),
      );
      const session = signIn('admin');
      const caller: Caller = {
        credential: { kind: 'session', sessionId: session.sessionId, tokenNumber: 1 },
        userId: session.user,
        workspaceId: identity.first.workspaceId,
        scopes: ['admin'],
        requestId: 'test' as RequestId,
      };
      identity.afterAnswerOn('session', () => change(session));
      return handler.execute({ name: 'of an admin that was', scopes: ['admin'] }, caller);
    };
    const changes: [string, string, (of: ReturnType<typeof signIn>) => void][] = [
      [
        'demoted',
        'auth.forbidden',
        ({ user }) => issuance.identity.setRole(issuance.identity.first.workspaceId, user, 'member'),
      ],
      [
        'suspended',
        'auth.unauthorized',
        ({ user }) => issuance.identity.setRole(issuance.identity.first.workspaceId, user, null),
      ],
      [
        'signed out',
        'auth.unauthorized',
        ({ user, sessionId: id }) => void issuance.identity.openSession(user, { status: 'ended' }, id),
      ],
    ];

    it.each(changes)('an admin who is %s while a key is being made grants nothing', async (_, code, change) =>
      expect(createWhile(change, true)).rejects.toMatchObject({ code }),
    );

    it.each(changes)(
      'without another look at the session, one who is %s grants an admin key',
      async (_, _code, change) => expect((await createWhile(change, false)).key.scopes).toEqual(['admin:full']),
    );
  });

  describe('GET /api/v1/me', () => {
    it('tells a session of its user, workspace and role, and when it ends', async () => {
      const { user, token, sessionId: id } = signIn('auditor');
      const { workspaceId: workspace } = issuance.identity.first;
      expect((await call(token, 'GET', '/api/v1/me')).body).toEqual({
        kind: 'session',
        id,
        secret_id: `${id}.1`,
        workspace_id: workspace,
        user_id: user,
        name: '',
        scopes: expect.arrayContaining(['read:assets', 'audit:read']),
        assets: 'all',
        role: 'auditor',
        workspace: { id: workspace, name: workspace, profile: 's4e' },
        session: { id, second_factor: false, idle_until: '2100-01-01T00:00:00Z', expires_at: '2100-01-01T00:00:00Z' },
      });
    });

    it('answers one that lacks the second factor of its workspace, which nothing else does', async () => {
      const { token } = signIn('admin');
      issuance.identity.set({ secondFactor: 'required' });
      const answers = [await call(token, 'GET', '/api/v1/me'), await call(token, 'GET', '/api/v1/api-keys')];
      issuance.identity.set({ secondFactor: 'optional' });
      expect(answers.map(({ status }) => status)).toEqual([200, 403]);
    });
  });

  describe('S2-06 `?token=`', () => {
    it('is taken on S4E’s own routes, kept from every log, and refused on all others', async () => {
      const { token } = signIn('member');
      const ask = (path: string) => issuance.call('GET', `${path}?token=${token}`, { key: '' });
      expect((await ask('/api/keys')).status).toBe(200);
      expect((await ask('/api/v1/api-keys')).status).toBe(401);
      expect(issuance.log.join('')).not.toContain(token);
    });

    it('is for sessions: a key there is refused', async () => {
      const { key } = await created(owner(), { scopes: ['apikeys:read'] });
      expect((await issuance.call('GET', `/api/keys?token=${key}`, { key: '' })).status).toBe(401);
    });
  });

  describe('the last admin key', () => {
    const admins = async () => {
      const { items } = (await call(owner(), 'GET', '/api/v1/api-keys?limit=200')).body;
      return items.filter(
        ({ scopes, status }: { scopes: string[]; status: string }) => scopes.includes('admin') && status === 'active',
      );
    };

    it('is spared by a session that can make another, and by no other', async () => {
      const [last, ...rest] = await admins();
      for (const { id } of rest) await call(owner(), 'DELETE', `/api/v1/api-keys/${id}`);
      const { key } = await created(owner(), { scopes: ['apikeys:write'] });
      expect((await call(key, 'DELETE', `/api/v1/api-keys/${last.id}`)).body.code).toBe('key.last_admin');
      expect((await call(owner(), 'DELETE', `/api/v1/api-keys/${last.id}`)).status).toBe(204);
      expect((await create(owner(), { scopes: ['admin'], plan: 'unlimited' })).status).toBe(201);
    });
  });
});
