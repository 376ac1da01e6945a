import { useForeignPrefixes } from '@latchkey/access';
import { createHash, randomUUID } from 'node:crypto';
import { requestId, type UserId } from '@latchkey/kernel';
import { IdentityWorkspaces } from '../../adapters/identity-workspaces';
import { PostgresKeyList } from '../../adapters/postgres-key-list';
import type { Caller } from '../../application/caller';
import { KeyReaches } from '../../application/key-reaches';
import { RevokeKeysHandler } from '../../application/revoke-keys.handler';
import { issuanceService, type IssuanceService, type Method } from '../../testing/issuance-service';

interface Made {
  readonly id: string;
  readonly key: string;
}

let issuance: IssuanceService;
beforeAll(async () => {
  issuance = await issuanceService('zshield');
});
afterAll(() => issuance.stop());

const call = (method: Method, url: string, body?: unknown, key = issuance.admin) =>
  issuance.call(method, url, { key, ...(body !== undefined && { body }) });
const post = (path: string, body?: unknown, key?: string) => call('POST', `/api/v1/${path}`, body, key);
const created = async (overrides: object = {}, key?: string): Promise<Made> =>
  (await post('api-keys', { name: 'key', scopes: ['alerts:read'], ...overrides }, key)).body;
const change = (id: string, body: object, key?: string) => call('PATCH', `/api/v1/api-keys/${id}`, body, key);
const record = async (id: string) => (await call('GET', `/api/v1/api-keys/${id}`)).body;
const failure = ({ status, body }: Awaited<ReturnType<typeof call>>) => [status, body.code, body.field];

describe('what a key is found and bounded by', () => {
  it('is said when it is made, and changed afterwards', async () => {
    const given = { assets: ['b', 'a', 'b'], tags: ['team:a', 'ci', 'ci'], expires_at: '2027-01-01T00:00:00Z' };
    const { id } = await created(given);
    const bounded = { assets: ['a', 'b'], tags: ['ci', 'team:a'], expires_at: '2027-01-01T00:00:00Z' };
    expect(await record(id)).toMatchObject(bounded);
    const other = { assets: ['a'], tags: [], expires_at: '2026-12-01T00:00:00Z' };
    expect((await change(id, other)).body).toMatchObject(other);
    expect((await change(id, { assets: 'all', expires_at: null })).body).toMatchObject({
      ...{ assets: 'all', expires_at: null },
    });
  });

  it.each([
    [{ tags: ['Team A'] }, 400, 'tags.0'],
    [{ tags: Array.from({ length: 21 }, (_, index) => `t${index}`) }, 400, 'tags'],
    [{ assets: [] }, 400, 'assets'],
    [{ assets: 'some' }, 400, 'assets'],
    [{ assets: ['a', 'b\u0000'] }, 400, 'assets.1'],
    [{ expires_at: '2026-04-28T12:00:00Z' }, 400, 'expires_at'],
  ])('is refused: %j', async (body, status, field) => {
    const { id } = await created();
    for (const reply of [
      await post('api-keys', { name: 'key', scopes: ['alerts:read'], ...body }),
      await change(id, body),
    ])
      expect([reply.status, reply.body.field]).toEqual([status, field]);
  });

  it('C18 nobody gives another asset, or a longer life, than their own', async () => {
    const limits = { scopes: ['apikeys:write', 'alerts:read'], assets: ['a', 'b'], expires_at: '2027-01-01T00:00:00Z' };
    const { key } = await created(limits);
    const child = await created({ assets: ['a'], expires_at: '2026-12-01T00:00:00Z' }, key);
    expect(failure(await change(child.id, { assets: ['c'] }, key))).toEqual([403, 'key.exceeds_grantor', 'assets']);
    const longer = { expires_at: '2027-01-02T00:00:00Z' };
    expect(failure(await change(child.id, longer, key))).toEqual([403, 'key.exceeds_grantor', 'expires_at']);
    expect((await change(child.id, { assets: ['a', 'b'] }, key)).status).toBe(200);
  });
});

describe('suspending a key', () => {
  it('stops it before the reply, until it is resumed, and says so as often as it is asked', async () => {
    const { id, key } = await created();
    const suspend = () => post(`api-keys/${id}/suspend`, { reason: 'on leave' });
    for (const reply of [await suspend(), await suspend()]) {
      expect([reply.status, reply.body.status]).toEqual([200, 'suspended']);
      expect(issuance.settled.at(-1)).toMatchObject({ kind: 'key', id, version: 2 });
    }
    expect(await issuance.check(key, ['alerts:read'])).toBe(401);
    const resume = () => post(`api-keys/${id}/resume`);
    for (const { body } of [await resume(), await resume()]) expect(body).toMatchObject({ id, status: 'active' });
    expect(issuance.settled.at(-1)).toMatchObject({ kind: 'key', id, version: 3 });
    expect(await issuance.check(key, ['alerts:read'])).toBe(200);
  });

  it('leaves it to be narrowed and revoked, but neither widened nor rotated', async () => {
    const { id, key } = await created();
    await post(`api-keys/${id}/suspend`);
    expect((await change(id, { name: 'other', expires_at: '2027-01-01T00:00:00Z' })).status).toBe(200);
    expect(failure(await change(id, { scopes: ['alerts:read', 'rules:read'] }))).toEqual([
      409,
      'key.suspended',
      undefined,
    ]);
    expect(failure(await post(`api-keys/${id}/rotate`))).toEqual([409, 'key.suspended', undefined]);
    expect((await call('DELETE', `/api/v1/api-keys/${id}`)).status).toBe(204);
    expect(failure(await post(`api-keys/${id}/resume`))).toEqual([409, 'key.already_revoked', undefined]);
    expect(await issuance.check(key)).toBe(401);
  });

  describe('is for whoever may change the key', () => {
    const forbidden = [403, 'auth.forbidden', undefined];
    const session = (user: UserId) => issuance.identity.openSession(user).token;
    const suspend = async (id: string, by: string) =>
      expect((await post(`api-keys/${id}/suspend`, {}, by)).status).toBe(200);
    const resume = (id: string, by: string) => post(`api-keys/${id}/resume`, undefined, by);
    let owner: string, admin: string, member: string;
    beforeAll(() => {
      owner = session(issuance.identity.first.ownerId);
      admin = session(issuance.identity.addMember('admin'));
      member = session(issuance.identity.addMember('member'));
    });

    it('and resuming it, if that was its own user, for them alone, with all that it has', async () => {
      const mine = await created({ scopes: ['alerts:read', 'rules:read'] }, member);
      await suspend(mine.id, member);
      await suspend(mine.id, owner);
      expect(failure(await resume(mine.id, owner))).toEqual(forbidden);
      const weaker = await created({ scopes: ['apikeys:write', 'alerts:read'] }, member);
      expect(failure(await resume(mine.id, weaker.key))).toEqual([403, 'key.exceeds_grantor', 'scopes']);
      expect((await resume(mine.id, member)).status).toBe(200);
      const another = session(issuance.identity.addMember('member'));
      expect((await post(`api-keys/${mine.id}/suspend`, {}, another)).status).toBe(404);
    });

    it('and resuming it, if that was somebody else, for an owner or admin who has all of it, and not for its user', async () => {
      const mine = await created({ scopes: ['alerts:read', 'rules:read'] }, member);
      await suspend(mine.id, owner);
      await suspend(mine.id, member);
      expect(failure(await resume(mine.id, member))).toEqual(forbidden);
      const weaker = await created({ scopes: ['apikeys:write', 'alerts:read'] }, admin);
      expect(failure(await resume(mine.id, weaker.key))).toEqual([403, 'key.exceeds_grantor', 'scopes']);
      expect(await issuance.check(mine.key)).toBe(401);
      const { status, text } = await resume(mine.id, admin);
      expect([status, text]).toEqual([200, expect.not.stringContaining(mine.key)]);
      expect(await issuance.check(mine.key)).toBe(200);
    });
  });

  it('is refused for the last admin key', async () => {
    const [{ key_id: id }] = (await issuance.dataSource.query<{ key_id: string }[]>(
      `SELECT key_id FROM key_list WHERE name = 'First admin key'`,
    )) as [{ key_id: string }];
    expect(failure(await post(`api-keys/${id}/suspend`))).toEqual([409, 'key.last_admin', undefined]);
    expect(await issuance.check(issuance.admin)).toBe(200);
  });
});

describe('whoever holds a secret', () => {
  it('may end it, without any scope', async () => {
    const { id, key } = await created();
    expect((await post('me/revoke', undefined, key)).status).toBe(204);
    expect(await issuance.check(key)).toBe(401);
    expect(await record(id)).toMatchObject({ status: 'revoked' });
    expect((await post('me/revoke', undefined, key)).status).toBe(401);
  });

  it('ends no other secret of the key', async () => {
    const { id, key } = await created();
    const { key: second } = (await post(`api-keys/${id}/rotate`)).body;
    expect((await post('me/revoke', undefined, key)).status).toBe(204);
    expect([await issuance.check(key), await issuance.check(second)]).toEqual([401, 200]);
  });

  it('of the last admin key makes another first, or rotates it', async () => {
    expect(failure(await post('me/revoke'))).toEqual([409, 'key.last_admin', undefined]);
  });

  it('of a session signs out instead', async () => {
    const session = issuance.identity.openSession(issuance.identity.first.ownerId).token;
    expect((await post('me/revoke', undefined, session)).status).toBe(403);
  });
});

describe('keys from elsewhere', () => {
  beforeAll(() => useForeignPrefixes(['acme_live_']));
  afterAll(() => useForeignPrefixes([]));

  const secret = () => `acme_live_${randomUUID()}`;
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const item = (text: string, overrides: object = {}) => ({
    ...{ name: 'imported', scopes: ['alerts:read'], prefix: 'acme_live_', sha256: sha256(text), ...overrides },
  });
  const imports = (keys: readonly object[], key?: string) => post('api-keys/import', { keys }, key);
  const live = async () =>
    Number((await issuance.dataSource.query<{ live: string }[]>('SELECT sum(live) AS live FROM key_count'))[0]?.live);

  it('pass by the secrets that they have, with what they were given here, and are counted', async () => {
    const [one, other] = [secret(), secret()];
    const before = await live();
    const given = { expires_at: '2027-01-01T00:00:00Z', allowed_ips: ['203.0.113.7'], tags: ['acme'] };
    const reply = await imports([item(one, given), item(other, { name: 'second' })]);
    expect(reply.status).toBe(201);
    expect(reply.body.items).toMatchObject([{ name: 'imported', status: 'active', ...given }, { name: 'second' }]);
    expect(reply.text).not.toContain(sha256(one));
    const from = (ip: string) => issuance.check(one, ['alerts:read'], ip);
    expect([await from('203.0.113.7'), await from('203.0.113.8')]).toEqual([200, 403]);
    expect(await issuance.check(other, ['alerts:read'])).toBe(200);
    expect(await live()).toBe(before + 2);
  });

  it('are rotated to secrets of our own form, and revoked, as any other', async () => {
    const old = secret();
    const [{ id }] = (await imports([item(old)])).body.items;
    const { key } = (await post(`api-keys/${id}/rotate`, { grace_period_hours: 1 })).body;
    expect(key).toMatch(/^zpoa_live_/);
    expect([await issuance.check(old), await issuance.check(key)]).toEqual([200, 200]);
    await call('DELETE', `/api/v1/api-keys/${id}`);
    expect([await issuance.check(old), await issuance.check(key)]).toEqual([401, 401]);
  });

  it.each([
    ['a prefix that the operator has not named', { prefix: 'other_' }, 400, 'key.unknown_prefix', 'keys.1.prefix'],
    ['an unknown scope', { scopes: ['alerts:red'] }, 400, 'key.unknown_scope', 'keys.1.scopes.0'],
    ['an expiry that is over', { expires_at: '2026-01-01T00:00:00Z' }, 400, 'key.expiry_in_past', 'keys.1.expires_at'],
    ['no digest', { sha256: 'x' }, 400, 'request.invalid', 'keys.1.sha256'],
  ])('come all or none: one has %s', async (_what, wrong, status, code, field) => {
    const good = secret();
    const before = await live();
    expect(failure(await imports([item(good), item(secret(), wrong)]))).toEqual([status, code, field]);
    expect(await issuance.check(good)).toBe(401);
    expect(await live()).toBe(before);
  });

  it('come once: neither twice in a request, nor twice at all, nor with the secret of a key made here', async () => {
    const once = secret();
    const twice = [409, 'key.secret_known', 'keys.1.sha256'];
    expect(failure(await imports([item(once), item(once)]))).toEqual(twice);
    expect((await imports([item(once)])).status).toBe(201);
    expect(failure(await imports([item(secret()), item(once)]))).toEqual(twice);
    expect(failure(await imports([item(secret()), item((await created()).key)]))).toEqual(twice);
  });

  it('of many imports of the same at once, in whatever order, one wins', async () => {
    const keys = Array.from({ length: 20 }, () => item(secret()));
    const before = await live();
    const orders = Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? keys : [...keys].reverse()));
    const replies = await Promise.all(orders.map((order) => imports(order)));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect(await live()).toBe(before + 20);
  });

  it('C18 get no more than who imports them has', async () => {
    const { key } = await created({ scopes: ['apikeys:write', 'alerts:read'] });
    const beyond = [403, 'key.exceeds_grantor', 'keys.0.scopes'];
    expect(failure(await imports([item(secret(), { scopes: ['rules:read'] })], key))).toEqual(beyond);
    expect((await imports([item(secret())], key)).status).toBe(201);
  });
});

describe('revoking many keys', () => {
  const tagged = async (count: number, tag: string, key?: string) => {
    const made: Made[] = [];
    for (let index = 0; index < count; index += 1) made.push(await created({ tags: [tag] }, key));
    return made;
  };
  const revoke = (body: object, key?: string) => post('api-keys/revoke', body, key);

  it('by their tag ends those before the reply, and no others', async () => {
    const [gone, left] = [await tagged(3, 'gone'), await tagged(1, 'left')];
    const reply = await revoke({ tag: 'gone', reason: 'project closed' });
    expect([reply.status, reply.body]).toEqual([200, { revoked: 3, remaining: 0, kept: [] }]);
    for (const { id, key } of gone) {
      expect(await issuance.check(key)).toBe(401);
      expect(issuance.settled).toContainEqual(expect.objectContaining({ kind: 'key', id }));
    }
    expect(await issuance.check(left[0]?.key ?? '')).toBe(200);
    expect((await revoke({ tag: 'gone' })).body).toEqual({ revoked: 0, remaining: 0, kept: [] });
  });

  it('by their user ends those of one member', async () => {
    const user: UserId = issuance.identity.addMember('member');
    const session = issuance.identity.openSession(user).token;
    const theirs = await tagged(2, 'theirs', session);
    expect((await revoke({ user_id: user })).body).toEqual({ revoked: 2, remaining: 0, kept: [] });
    for (const { key } of theirs) expect(await issuance.check(key)).toBe(401);
  });

  it('of a member reaches none of others', async () => {
    const session = issuance.identity.openSession(issuance.identity.addMember('member')).token;
    const [mine] = await tagged(1, 'shared', session);
    const [others] = await tagged(1, 'shared');
    expect((await revoke({ tag: 'shared' }, session)).body).toEqual({ revoked: 1, remaining: 0, kept: [] });
    expect([await issuance.check(mine?.key ?? ''), await issuance.check(others?.key ?? '')]).toEqual([401, 200]);
  });

  it('all of them keeps the one in use, and the last admin key', async () => {
    const writer = await created({ scopes: ['apikeys:write'] });
    const reply = await revoke({ all: true }, writer.key);
    expect(reply.body).toMatchObject({ remaining: 0, kept: expect.arrayContaining([writer.id]) });
    expect(reply.body.kept).toHaveLength(2);
    expect([await issuance.check(writer.key), await issuance.check(issuance.admin)]).toEqual([200, 200]);
    const again = await revoke({ all: true }, writer.key);
    expect(again.body).toMatchObject({ revoked: 0, remaining: 0 });
  });

  it('goes on with further calls, so many in each', async () => {
    await tagged(12, 'many');
    const { keys, settlement, clock, identity, dataSource } = issuance;
    const reaches = new KeyReaches(new IdentityWorkspaces(identity, identity));
    const handler = new RevokeKeysHandler(keys, new PostgresKeyList(dataSource), reaches, settlement, clock, 10);
    const { ownerId, workspaceId } = identity.first;
    const caller: Caller = {
      credential: { kind: 'session', sessionId: identity.openSession(ownerId).sessionId, tokenNumber: 1 },
      ...{ userId: ownerId, workspaceId, scopes: ['admin:full'], requestId: requestId('test') },
    };
    expect(await handler.execute({ tag: 'many' }, 'requested', caller)).toEqual({
      revoked: 10,
      remaining: 2,
      kept: [],
    });
    expect(await handler.execute({ tag: 'many' }, 'requested', caller)).toEqual({ revoked: 2, remaining: 0, kept: [] });
  });

  it.each([
    ['no selector', {}],
    ['two', { tag: 'a', all: true }],
    ['all that is not', { all: false }],
    ['something else', { workspace_id: 'x' }],
  ])('is refused with %s', async (_what, body) => expect((await revoke(body)).status).toBe(400));
});
