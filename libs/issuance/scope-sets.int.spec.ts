import { randomUUID } from 'node:crypto';
import type { Grant, Profile } from '@latchkey/access';
import { profileByName } from '@latchkey/access';
import { keyId, userId } from '@latchkey/kernel';
import { PostgresSubjects } from '@latchkey/live-state';
import { rebuildProjection } from '@latchkey/event-store';
import { eventually } from '@latchkey/testing';
import { PLAIN_KEY } from './domain/key/commands';
import { decide } from './domain/key/decide';
import { scopeSetListProjection } from './projections/scope-set-list.projection';
import { gate } from './testing/gate';
import { issuanceService, type IssuanceService } from './testing/issuance-service';

const SETS = '/api/v1/scope-sets';
/** Connections of the service to its database. */
const POOL = 10;

describe('scope sets (S4-13)', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('s4e');
  });
  afterAll(() => issuance.stop());

  let names = 0;
  const create = (body: object = {}, key?: string) =>
    issuance.call('POST', SETS, {
      body: { name: `set ${(names += 1)}`, scopes: ['read:assets', 'reports:read'], ...body },
      ...(key !== undefined && { key }),
    });
  const change = (id: string, body: object, key?: string) =>
    issuance.call('PATCH', `${SETS}/${id}`, { body, ...(key !== undefined && { key }) });
  const sessionOf = (role: 'owner' | 'admin' | 'member' | 'auditor') =>
    issuance.identity.openSession(issuance.identity.addMember(role)).token;

  it('are created, shown, changed and deleted, and show scopes as they were written', async () => {
    const made = await create({ name: 'Reports', description: 'For tools that write reports.' });
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'Reports', description: 'For tools that write reports.', scopes: ['read:assets', 'reports:read'] },
    });
    const { id, created_at: createdAt } = made.body;
    expect((await issuance.call('GET', `${SETS}/${id}`)).body).toEqual(made.body);
    issuance.clock.advance(1_000);
    const changed = await change(id, { description: '', scopes: ['assets:read'] });
    expect(changed).toMatchObject({ status: 200, body: { id, description: '', scopes: ['assets:read'] } });
    expect(changed.body.created_at).toBe(createdAt);
    expect(new Date(changed.body.updated_at).getTime() - new Date(createdAt).getTime()).toBe(1_000);
    const remove = () => issuance.call('DELETE', `${SETS}/${id}`);
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 204]);
    expect((await issuance.call('GET', `${SETS}/${id}`)).status).toBe(404);
    expect((await change(id, { name: 'Back' })).status).toBe(404);
  });

  it('are listed newest first, page by page', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      issuance.clock.advance(1_000);
      ids.unshift((await create()).body.id);
    }
    const first = (await issuance.call('GET', `${SETS}?limit=2`)).body;
    const second = (await issuance.call('GET', `${SETS}?limit=2&cursor=${first.next_cursor}`)).body;
    expect([...first.items, ...second.items].slice(0, 3).map(({ id }: { id: string }) => id)).toEqual(ids);
  });

  it('have names that are free again when they are given up', async () => {
    const { id } = (await create({ name: 'Only one' })).body;
    const taken = await create({ name: 'Only one' });
    expect(taken).toMatchObject({ status: 409, body: { code: 'scope_set.name_taken' } });
    expect((await change(id, { name: 'Renamed' })).status).toBe(200);
    const other = (await create({ name: 'Only one' })).body.id;
    expect((await change(id, { name: 'Only one' })).status).toBe(409);
    await issuance.call('DELETE', `${SETS}/${other}`);
    expect((await change(id, { name: 'Only one' })).status).toBe(200);
  });

  it('of one name are created once, however many want it at once', async () => {
    const statuses = (await Promise.all(Array.from({ length: 5 }, () => create({ name: 'Wanted' })))).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).toEqual([201, 409, 409, 409, 409]);
  });

  it.each<[string, object, string, string]>([
    ['an unknown scope', { scopes: ['read:assets', 'fly:kites'] }, 'scopes.1', 'scope_set.unknown_scope'],
    ['the admin scope, however it is spelled', { scopes: ['admin'] }, 'scopes.0', 'scope_set.admin_scope'],
    ['no scopes', { scopes: [] }, 'scopes', 'request.invalid'],
    ['too many scopes', { scopes: Array.from({ length: 101 }, () => 'read:assets') }, 'scopes', 'request.invalid'],
    ['a field that there is not', { plan: 'standard' }, 'plan', 'request.invalid'],
    ['a description that hides something', { description: 'a\0b' }, 'description', 'request.invalid'],
  ])('are refused with %s', async (_, body, field, code) => {
    expect(await create(body)).toMatchObject({ status: 400, body: { code, field } });
  });

  it('are shown to whoever reads the catalogue, and changed by who can do everything', async () => {
    const { id } = (await create()).body;
    const [admin, member] = [sessionOf('admin'), sessionOf('member')];
    const read = async (key: string) => (await issuance.call('GET', `${SETS}/${id}`, { key })).status;
    const others = ['member', 'auditor'].map((role) => sessionOf(role as 'member' | 'auditor'));
    expect(await Promise.all([member, ...others].map(read))).toEqual([200, 200, 200]);
    for (const key of others) {
      const refused = await Promise.all([
        create({}, key),
        change(id, { name: 'x' }, key),
        issuance.call('DELETE', `${SETS}/${id}`, { key }),
      ]);
      expect(refused.map(({ status }) => status)).toEqual([403, 403, 403]);
    }
    expect((await change(id, { scopes: ['read:assets', 'write:assets'] }, admin)).status).toBe(200);
  });

  it('are no other workspace’s', async () => {
    const { id } = (await create()).body;
    const owner = 'b1900000-0000-7000-8000-0000000000f2';
    const elsewhere = issuance.identity.add('b1900000-0000-7000-8000-0000000000e2', 's4e', owner);
    const key = await issuance.adminOf(elsewhere, owner);
    expect((await issuance.call('GET', `${SETS}/${id}`, { key })).status).toBe(404);
    expect((await change(id, { name: 'Taken over' }, key)).status).toBe(404);
    expect((await issuance.call('DELETE', `${SETS}/${id}`, { key })).status).toBe(404);
    expect((await issuance.call('GET', SETS, { key })).body.items).toEqual([]);
    expect((await create({ name: 'Only one' }, key)).status).toBe(201);
  });

  it('are not more than 1,000 in a workspace', async () => {
    const owner = 'c1900000-0000-7000-8000-0000000000f3';
    const full = issuance.identity.add('c1900000-0000-7000-8000-0000000000e3', 's4e', owner);
    const key = await issuance.adminOf(full, owner);
    await issuance.dataSource.query(
      `INSERT INTO scope_set_list SELECT 'filler ' || n, $1, n, '', '[]', '[]', now(), now() FROM generate_series(1, 999) n`,
      [full],
    );
    const statuses = (await Promise.all([create({}, key), create({}, key)])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, 409]);
  });
});

describe('keys that carry scope sets (S4-13)', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('s4e');
  });
  afterAll(() => issuance.stop());

  let names = 0;
  const setOf = async (...scopes: string[]): Promise<string> =>
    (await issuance.call('POST', SETS, { body: { name: `set ${(names += 1)}`, scopes } })).body.id;
  const narrow = (id: string, ...scopes: string[]) => issuance.call('PATCH', `${SETS}/${id}`, { body: { scopes } });
  const create = (body: object = {}, key?: string) =>
    issuance.call('POST', '/api/v1/api-keys', {
      body: { name: 'key', scopes: ['read:assets'], ...body },
      ...(key !== undefined && { key }),
    });
  const change = (id: string, body: object, key?: string) =>
    issuance.call('PATCH', `/api/v1/api-keys/${id}`, { body, ...(key !== undefined && { key }) });
  const UNKNOWN = { status: 400, body: { code: 'scope_set.unknown' } };
  const BEYOND = { status: 403, body: { code: 'key.exceeds_grantor', field: 'scope_sets' } };

  it('have what the sets hold, as they are now, besides their own scopes', async () => {
    const set = await setOf('reports:read');
    const { id, key, scope_sets: sets } = (await create({ scope_sets: [set] })).body;
    expect(sets).toEqual([set]);
    const can = async () =>
      Promise.all(['read:assets', 'reports:read', 'write:assets'].map((scope) => issuance.check(key, [scope])));
    expect(await can()).toEqual([200, 200, 403]);
    await narrow(set, 'write:assets');
    expect(await can()).toEqual([200, 403, 200]);
    expect((await change(id, { scope_sets: [] })).body.scope_sets).toEqual([]);
    expect(await can()).toEqual([200, 403, 403]);
    await change(id, { scope_sets: [set] });
    await issuance.call('DELETE', `${SETS}/${set}`);
    expect(await can()).toEqual([200, 403, 403]);
  });

  it('are answered about when no node goes by the set as it was', async () => {
    const set = await setOf('reports:read', 'read:assets');
    for (const act of [() => narrow(set, 'read:assets'), () => issuance.call('DELETE', `${SETS}/${set}`)]) {
      const letGo = issuance.settlement.hold();
      let answered = false;
      const before = issuance.settled.length;
      const answer = act().finally(() => (answered = true));
      await eventually(() => expect(issuance.settled.length).toBe(before + 1));
      expect([answered, issuance.settled.at(-1)]).toMatchObject([false, { kind: 'scope_set', id: set }]);
      letGo();
      expect((await answer).status).toBeLessThan(300);
    }
  });

  it('carry sets of their workspace that are there; one that was deleted later may stay', async () => {
    const [there, deleted] = [await setOf('reports:read'), await setOf('reports:read')];
    await issuance.call('DELETE', `${SETS}/${deleted}`);
    for (const unknown of [randomUUID(), 'no id', '\0', deleted]) {
      expect(await create({ scope_sets: [there, unknown] })).toMatchObject({
        ...UNKNOWN,
        body: { field: 'scope_sets.1' },
      });
    }
    const { id } = (await create({ scope_sets: [there] })).body;
    await issuance.call('DELETE', `${SETS}/${there}`);
    const next = await setOf('write:assets');
    expect((await change(id, { scope_sets: [there, next] })).body.scope_sets).toEqual([there, next]);
    expect((await change(id, { scope_sets: [next] })).status).toBe(200);
    expect(await change(id, { scope_sets: [there] })).toMatchObject(UNKNOWN);
  });

  it('are given no set that holds what their grantor has not, nor rotated or widened by such a one (C18)', async () => {
    const [held, wide] = [await setOf('read:assets'), await setOf('read:assets', 'users:write')];
    const weak = (await create({ scopes: ['apikeys:read', 'apikeys:write', 'read:assets'] })).body.key;
    expect((await create({ scope_sets: [held] }, weak)).status).toBe(201);
    expect(await create({ scope_sets: [held, wide] }, weak)).toMatchObject(BEYOND);
    const { id } = (await create({ scope_sets: [wide] })).body;
    expect(await change(id, { allowed_ips: ['192.0.2.0/24'] }, weak)).toMatchObject({ status: 200 });
    expect(await change(id, { allowed_ips: [] }, weak)).toMatchObject(BEYOND);
    expect(await issuance.call('POST', `/api/v1/api-keys/${id}/rotate`, { key: weak })).toMatchObject(BEYOND);
    expect((await change(id, { scope_sets: [] }, weak)).status).toBe(200);
  });

  it('grant what they have by a set, as long as it holds that', async () => {
    const set = await setOf('apikeys:write', 'reports:read');
    const maker = (await create({ scope_sets: [set] })).body.key;
    expect((await create({ scopes: ['reports:read'] }, maker)).status).toBe(201);
    await narrow(set, 'apikeys:write');
    expect(await create({ scopes: ['reports:read'] }, maker)).toMatchObject({
      ...{ status: 403, body: { code: 'key.exceeds_grantor', field: 'scopes' } },
    });
  });

  it('give what their member has by role or set, and a session as much', async () => {
    const set = await setOf('audit:read');
    const { workspaceId } = issuance.identity.first;
    const member = issuance.identity.addMember('member');
    issuance.identity.setRole(workspaceId, member, 'member', set);
    const session = issuance.identity.openSession(member).token;
    const made = await create({ scopes: ['audit:read', 'read:assets'] }, session);
    expect(made.status).toBe(201);
    const can = async () =>
      Promise.all(
        [made.body.key, session].flatMap((shown) =>
          ['audit:read', 'read:assets'].map((scope) => issuance.check(shown, [scope])),
        ),
      );
    expect(await can()).toEqual([200, 200, 200, 200]);
    expect((await issuance.call('GET', '/api/v1/me', { key: session })).body).toMatchObject({
      ...{ role: 'member', scopes: expect.arrayContaining(['audit:read', 'read:assets']) },
    });
    issuance.identity.setRole(workspaceId, member, 'member');
    expect(await can()).toEqual([403, 200, 403, 200]);
  });

  it('are made by more sessions at once than the database has connections', async () => {
    const set = await setOf('reports:read');
    const { workspaceId } = issuance.identity.first;
    const sessions = Array.from({ length: 3 * POOL }, () => {
      const member = issuance.identity.addMember('member');
      issuance.identity.setRole(workspaceId, member, 'member', set);
      return issuance.identity.openSession(member).token;
    });
    const made = await Promise.all(sessions.map((session) => create({ scopes: ['reports:read'] }, session)));
    expect(made.map(({ status }) => status)).toEqual(sessions.map(() => 201));
  });

  it('find them in a list that is what the events say', async () => {
    const rebuilt = await rebuildProjection(issuance.dataSource, scopeSetListProjection);
    expect(rebuilt).toMatchObject({ equal: true });
    expect(rebuilt.rows).toBeGreaterThan(2);
  });

  describe('and make a key while one of their sets is narrowed:', () => {
    /** A creation that stops before its commit, decided on what the set held. */
    const narrowedWhile = async (held: boolean): Promise<boolean> => {
      const set = await setOf('apikeys:write', 'reports:read');
      const maker = (await create({ scope_sets: [set] })).body.id;
      const [snapshot] = await new PostgresSubjects(issuance.dataSource).read([{ kind: 'scope_set', id: set }]);
      const { workspaceId, ownerId } = issuance.identity.first;
      const grant: Grant = {
        scopes: ['reports:read'],
        plan: 'standard',
        assets: 'all',
        allowedIps: [],
        expiresAt: null,
      };
      const id = keyId(randomUUID());
      const now = issuance.clock.now();
      const [arrived, arrive] = gate();
      const [opened, open] = gate();
      const written = issuance.keys.write({
        keyId: id,
        decide: (state) =>
          decide(
            {
              ...{ type: 'CreateKey', ...PLAIN_KEY, keyId: id, displayId: id, workspaceId, userId: userId(ownerId) },
              ...{ name: 'child', grant, scopesAsSent: grant.scopes, now },
              grantor: {
                kind: 'credential',
                userId: ownerId,
                profile: profileByName('s4e') as Profile,
                grant,
                ofOwner: true,
              },
            },
            state,
          ),
        meta: { actorId: maker, workspaceId, requestId: 'test', at: now },
        grantor: { keyId: keyId(maker), version: 1 },
        grantorsSets: held ? [{ id: set, version: snapshot?.version ?? 0 }] : [],
        beforeCommit: async () => {
          arrive();
          await opened;
        },
      });
      await arrived;
      let answered = false;
      const narrowed = narrow(set, 'apikeys:write').finally(() => (answered = true));
      await eventually(async () => {
        const [{ waiting }] = await issuance.dataSource.query(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        expect(answered || waiting > 0).toBe(true);
      });
      const early = answered;
      open();
      await Promise.all([written, narrowed]);
      return early;
    };

    it('no answer of a narrowing is followed by a grant of what it took', async () =>
      expect(await narrowedWhile(true)).toBe(false));

    it('without holding the set, the narrowing answers while the key is on its way', async () =>
      expect(await narrowedWhile(false)).toBe(true));
  });
});
