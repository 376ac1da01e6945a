import { parseAccessToken } from '@latchkey/access';
import type { ClientSubject, Role } from '@latchkey/contracts';
import type { RequestId, UserId } from '@latchkey/kernel';
import { PostgresSubjects } from '@latchkey/live-state';
import { UuidV7Source } from '@latchkey/platform';
import { eventually } from '@latchkey/testing';
import { CryptoRandomness } from './adapters/crypto-randomness';
import { IdentityWorkspaces } from './adapters/identity-workspaces';
import { PostgresIssuedRequests } from './adapters/postgres-issued-requests';
import type { Caller } from './application/caller';
import { CreateKeyHandler } from './application/create-key.handler';
import { Grantors } from './application/grantors';
import type { RegisteredClient } from './testing/identity';
import { issuanceService, type IssuanceService } from './testing/issuance-service';

const ROUTES = ['/api/v1/api-keys', '/api/keys', '/api/v1/scopes', '/api/v1/me'];
const MAKER = ['apikeys:read', 'apikeys:write', 'assets:read', 'scopes:read'];

describe('S1-10 an access token does with keys what its client may do', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('s4e');
  });
  afterAll(() => issuance.stop());

  const register = (
    change: Partial<ClientSubject> = {},
    role: Role = 'owner',
  ): RegisteredClient & { readonly user: UserId } => {
    const user = issuance.identity.addMember(role);
    return { user, ...issuance.identity.registerClient(user, { scopes: MAKER, ...change }) };
  };
  const create = (key: string, body: object = {}) =>
    issuance.call('POST', '/api/v1/api-keys', { key, body: { name: 'key', scopes: ['assets:read'], ...body } });

  it('reads by its scopes', async () => {
    const { token } = register();
    const other = register({ scopes: ['assets:read'] }).token;
    const statuses = async (key: string) =>
      Promise.all(ROUTES.map(async (url) => (await issuance.call('GET', url, { key })).status));
    expect(await statuses(token)).toEqual([200, 200, 200, 200]);
    expect(await statuses(other)).toEqual([403, 403, 403, 200]);
  });

  it('is told who it is', async () => {
    const { token, clientId: id, user } = register({ scopes: ['assets:read'] });
    expect((await issuance.call('GET', '/api/v1/me', { key: token })).body).toEqual({
      ...{ kind: 'client', id, secret_id: parseAccessToken(token)?.token.jti, user_id: user, name: 'Nightly report' },
      ...{ workspace_id: issuance.identity.first.workspaceId, scopes: ['read:assets'], assets: 'all' },
    });
  });

  it("makes keys that belong to its client's user; the record says that the client made them", async () => {
    const { token, clientId: id, user } = register();
    const { status, body } = await create(token);
    expect([status, body.created_by]).toEqual([201, user]);
    expect(await issuance.check(body.key, ['assets:read'])).toBe(200);
    await eventually(() => {
      const event = issuance.published.find(({ key }) => key === body.id);
      expect(JSON.parse(event?.value.toString() ?? '{}')).toMatchObject({ actorid: id });
    });
  });

  it.each<[string, Partial<ClientSubject>, object]>([
    ['scopes', {}, { scopes: ['assets:write'] }],
    ['plan', {}, { plan: 'premium' }],
    ['allowed_ips', { allowedIps: ['127.0.0.0/8'] }, { allowed_ips: ['192.0.2.1'] }],
  ])('C18 grants no more %s than its client has', async (field, change, body) => {
    const { token } = register(change);
    expect(await create(token, body)).toMatchObject({ status: 403, body: { field } });
  });

  it('C18 grants no more assets than its client has', async () => {
    const { token } = register({ assets: ['a.example'] });
    expect((await create(token)).body.assets).toEqual(['a.example']);
  });

  it('C18 grants what its client has, and C23 the plan unlimited for an owner alone', async () => {
    const own = { allowedIps: ['127.0.0.0/8'], plan: 'unlimited' };
    const body = { allowed_ips: ['127.0.0.1'], plan: 'unlimited' };
    expect((await create(register(own).token, body)).status).toBe(201);
    expect((await create(register(own, 'admin').token, body)).status).toBe(403);
  });

  it('C18 grants no more than it was issued for, whatever more its client has, and the role of its member now', async () => {
    const { token, clientId: id, user } = register();
    issuance.identity.registerClient(user, { scopes: ['admin:full'] }, id);
    expect((await create(token)).status).toBe(201);
    expect((await create(token, { scopes: ['scans:write'] })).status).toBe(403);
    issuance.identity.setRole(issuance.identity.first.workspaceId, user, 'auditor');
    expect((await create(token)).status).toBe(403);
  });

  /** What becomes of a creation when something changes after the client was looked at first. */
  const createWhile = (change: (of: ReturnType<typeof register>) => void, confirmed: boolean) => {
    const { clock, dataSource, identity, keys } = issuance;
    const grantors = new Grantors(keys, new IdentityWorkspaces(identity, identity), clock, { confirmed });
    const requests = new PostgresIssuedRequests(dataSource, new PostgresSubjects(dataSource));
    const handler = new CreateKeyHandler(
      ...([keys, requests, grantors, new CryptoRandomness(), new UuidV7Source(), clock] as const),
    );
    const registered = register();
    const token = parseAccessToken(registered.token)?.token;
    if (!token) throw new Error('a token that cannot be read');
    const caller: Caller = {
      credential: { kind: 'client', token, ip: undefined },
      userId: registered.user,
      workspaceId: identity.first.workspaceId,
      scopes: MAKER,
      requestId: 'test' as RequestId,
    };
    // The last that is asked for.
    identity.afterAnswerOn('user', () => change(registered));
    return handler
      .execute({ name: 'of a client that was', scopes: ['assets:read'] }, caller)
      .finally(() => identity.setSigningKey('trusted'));
  };
  const changed =
    (change: Partial<ClientSubject>) =>
    ({ clientId: id, client, user }: ReturnType<typeof register>) =>
      void issuance.identity.registerClient(user, { ...client, ...change }, id);
  const changes: [string, string, (of: ReturnType<typeof register>) => void][] = [
    ['its client is suspended', 'auth.unauthorized', changed({ status: 'suspended' })],
    ['its client is deleted', 'auth.unauthorized', changed({ status: 'deleted' })],
    ['its client is narrowed', 'auth.forbidden', changed({ scopes: ['apikeys:write'] })],
    ['its client is given another plan', 'auth.forbidden', changed({ plan: 'premium' })],
    ['all tokens of its client end', 'auth.unauthorized', changed({ tokenGeneration: 2 })],
    ['its signing key is revoked', 'auth.unauthorized', () => issuance.identity.setSigningKey('revoked')],
    [
      'the member leaves who registered its client',
      'auth.unauthorized',
      ({ user }) => issuance.identity.setRole(issuance.identity.first.workspaceId, user, null),
    ],
  ];

  it.each(changes)('grants nothing where %s while a key is being made', async (_, code, change) =>
    expect(createWhile(change, true)).rejects.toMatchObject({ code }),
  );

  it.each(changes)('without another look grants a key where %s meanwhile', async (_, _code, change) =>
    expect((await createWhile(change, false)).key.scopes).toEqual(['assets:read']),
  );
});
