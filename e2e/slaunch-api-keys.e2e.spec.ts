import { Client } from 'pg';
import { accessToken, registerApplication } from './harness/applications';
import { call, type Answer } from './harness/http';
import { signIn } from './harness/accounts';
import { OWNER, startSystem, WAYS_OF_RUNNING } from './harness/system';
import { jan1st, Tester } from './harness/tester';

const TENANT = 'acme.s-launch.com';
const KEYS = '/api/admin/api-keys/';

interface ApiKeyRead {
  readonly id: string;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly created: string;
  readonly expires: string | null;
  readonly last_used: string | null;
  readonly created_by: string;
}
type ApiKeyReadCreate = ApiKeyRead & { readonly key: string };
interface Page {
  readonly items: readonly ApiKeyRead[];
  readonly next_cursor: string | null;
  readonly total: number;
}

describe.each(WAYS_OF_RUNNING)('the S-Launch documents on %s', (way) => {
  let tester: Tester;
  /** Of the owner, and of an application with both scopes: what OAuth-only endpoints take. */
  let session: string;
  let token: string;
  beforeAll(async () => {
    const env = { TENANT_DOMAIN: 's-launch.com', LATCHKEY_TENANT: 'acme' };
    tester = new Tester(await startSystem(way, { profile: 'slaunch', env }));
    const { system } = tester;
    session = await signIn(system, OWNER);
    token = await tokenFor('apikeys:read', 'apikeys:write', 'store:read', 'store:write');
  }, 120_000);
  afterAll(() => tester?.system.stop(), 60_000);

  async function tokenFor(...scopes: readonly string[]): Promise<string> {
    const { system } = tester;
    return accessToken(system.url, await registerApplication(system.url, system.adminKey, { scopes }));
  }

  /** At the tenant's host, as the document has it. */
  const asking =
    (headers: Readonly<Record<string, string>>) =>
    (method: string, path: string, body?: unknown): Promise<Answer> =>
      call(tester.system.url, { method, path, headers: { host: TENANT, ...headers }, body });
  const withKey = (key: string) => asking({ 'x-api-key': key });
  const withToken = (credential = token) => asking({ authorization: `Bearer ${credential}` });
  const withSession = () => asking({ authorization: `Bearer ${session}` });

  const create = async (fields: object = {}): Promise<ApiKeyReadCreate> => {
    const answer = await withToken()('POST', KEYS, { label: 'CI', scopes: ['store:read'], ...fields });
    expect(answer.status).toBe(201);
    return answer.json<ApiKeyReadCreate>();
  };
  const list = async (query = ''): Promise<Page> => (await withToken()('GET', `${KEYS}${query}`)).json<Page>();
  /** The sample API, at whatever host. */
  const store = (headers: Readonly<Record<string, string>>, path = '/api/store/asset/') =>
    call(tester.system.assetsUrl, { path, headers: { host: TENANT, ...headers } });

  it('S4-10 create answers 201 with the record and the key, by an access token and by a session', async () => {
    const body = { label: 'CI/CD', scopes: ['store:read', 'apikeys:read'], expires: jan1st(1) };
    for (const ask of [withToken(), withSession()]) {
      const answer = await ask('POST', KEYS, body);
      expect(answer.status).toBe(201);
      const { key, ...record } = answer.json<ApiKeyReadCreate>();
      expect(record).toMatchObject({ label: 'CI/CD', scopes: body.scopes, expires: jan1st(1), last_used: null });
      expect((await store({ 'x-api-key': key })).status).toBe(200);
    }
    expect((await create()).expires).toBeNull();
    const unknown = await withToken()('POST', KEYS, { label: 'x', scopes: ['store:everything'] });
    expect(unknown.headers['content-type']).toContain('application/problem+json');
    expect(unknown.json()).toMatchObject({ status: 400, field: 'scopes.0' });
  });

  it('S4-03 a key goes into X-API-Key as it is: sla_live_, letters of both cases and digits', async () => {
    const { key } = await create();
    expect(key).toMatch(/^sla_live_[0-9A-Za-z]{43}$/);
    expect((await store({ 'x-api-key': key })).status).toBe(200);
    expect((await store({ 'x-api-key': `Bearer ${key}` })).status).toBe(401);
  });

  it('S4-01 a key has the scopes that it was given, and gets 403 where another one is needed', async () => {
    const { key } = await create({ scopes: ['store:write', 'apikeys:read'] });
    const refused = await store({ 'x-api-key': key });
    expect([refused.status, refused.json()]).toMatchObject([403, { code: 'auth.forbidden' }]);
    expect(await tester.checks(key, { scopes: ['store:write'] })).toEqual(tester.everywhere('200'));
    expect(await tester.checks(key, { scopes: ['store:read'] })).toEqual(tester.everywhere('403 scope_missing'));
  });

  it('S4-04 the tenant is in the host, collections end in a slash, and other tenants know none of its credentials', async () => {
    const { key } = await create({ scopes: ['store:read', 'apikeys:read'] });
    const statuses = async (host: string) => [
      (await store({ 'x-api-key': key, host })).status,
      ...(await Promise.all(
        [{ 'x-api-key': key }, { authorization: `Bearer ${token}` }, { cookie: `token=${session}` }].map(
          async (headers) => (await asking({ ...headers, host })('GET', KEYS)).status,
        ),
      )),
    ];
    for (const host of [TENANT, 'ACME.S-Launch.com:443', '127.0.0.1'])
      expect([host, ...(await statuses(host))]).toEqual([host, 200, 200, 200, 200]);
    for (const host of ['umbrella.s-launch.com', 'www.acme.s-launch.com'])
      expect([host, ...(await statuses(host))]).toEqual([host, 401, 401, 401, 401]);
    const refused = await withKey(key)('GET', KEYS.slice(0, -1));
    expect(refused.status).toBe(200);
  });

  it('S4-04 a tenant takes another name: from the answer on it is known by that alone', async () => {
    const { key } = await create();
    const rename = (slug: string) => tester.asAdmin('PATCH', '/api/v1/workspaces/current', { slug });
    const atHosts = async () => [
      (await store({ 'x-api-key': key })).status,
      (await store({ 'x-api-key': key, host: 'hive.s-launch.com' })).status,
    ];
    expect((await rename('hive')).json()).toMatchObject({ slug: 'hive' });
    expect(await atHosts()).toEqual([401, 200]);
    await rename('acme');
    expect(await atHosts()).toEqual([200, 401]);
  });

  it('S4-02 S4-05 each route takes what is documented: its scope, access tokens, and keys where it is marked so', async () => {
    const { id } = await create();
    const reader = (await create({ scopes: ['apikeys:read'] })).key;
    const writer = (await create({ scopes: ['apikeys:write'] })).key;
    const readerToken = await tokenFor('apikeys:read');
    const writerToken = await tokenFor('apikeys:write');
    const body = { label: 'x', scopes: ['apikeys:write'] };
    // Status for: a key and a token with apikeys:read, a key and a token with apikeys:write.
    const table: readonly (readonly [string, string, readonly number[], object?])[] = [
      ['GET', KEYS, [200, 200, 403, 403]],
      ['GET', `${KEYS}${id}`, [200, 200, 403, 403]],
      ['GET', `${KEYS}filters`, [403, 200, 403, 403]],
      ['GET', `${KEYS}scopes`, [403, 403, 403, 200]],
      ['POST', KEYS, [403, 403, 403, 201], body],
      ['DELETE', `${KEYS}${id}`, [403, 403, 403, 204]],
    ];
    for (const [method, path, expected, sent] of table) {
      const answers = [];
      for (const ask of [withKey(reader), withToken(readerToken), withKey(writer), withToken(writerToken)])
        answers.push((await ask(method, path, sent)).status);
      expect([method, path, ...answers]).toEqual([method, path, ...expected]);
    }
    expect((await store({ authorization: `Bearer ${token}` })).status).toBe(200);
    const told = await withKey(writer)('GET', `${KEYS}scopes`);
    expect(told.json()).toMatchObject({ detail: 'This takes a session or an access token, not an API key.' });
    expect((await call(tester.system.url, { path: KEYS, headers: { host: TENANT } })).status).toBe(401);
  });

  it('S4-06 the list is a page of records, the newest first, and its cursor leads on', async () => {
    const before = await list();
    const made = [];
    for (const label of ['one', 'two', 'three']) made.unshift(await create({ label }));
    const first = await list('?limit=2');
    expect(first.items.map(({ id }) => id)).toEqual(made.slice(0, 2).map(({ id }) => id));
    expect(first.total).toBe(before.total + 3);
    const second = await list(`?limit=2&cursor=${String(first.next_cursor)}`);
    expect(second.items[0]?.id).toBe(made[2]?.id);
    const spelledOut = await list('?limit=2&sort_by=created&sort_order=desc&hydrate=true');
    expect(spelledOut.items).toEqual(first.items);
    const bare = await list('?limit=2&hydrate=false');
    expect(bare.items).toEqual(first.items.map(({ id, label }) => ({ id, label })));
    const { key, ...record } = made[0] as ApiKeyReadCreate;
    expect(first.items[0]).toEqual(record);
    expect(JSON.stringify(first)).not.toContain(key);
  });

  it('S4-07 the filters say how the list can be asked, and it can', async () => {
    const { filters, sorts } = (await withToken()('GET', `${KEYS}filters`)).json<{
      filters: { type: string; operators: { parameter: string; type?: string }[] }[];
      sorts: { fields: string[]; orders: string[]; default: object };
    }>();
    expect(sorts.default).toEqual({ sort_by: 'created', sort_order: 'desc' });
    const samples: Record<string, string> = {
      string: 'store:read',
      enum: 'active',
      datetime: jan1st(0),
      integer: '90',
    };
    const queries = [
      ...filters.flatMap(({ type, operators }) =>
        operators.map(({ parameter, type: own = type }) => `${parameter}=${String(samples[own])}`),
      ),
      ...sorts.fields.flatMap((by) => sorts.orders.map((order) => `sort_by=${by}&sort_order=${order}`)),
    ];
    expect(queries.length).toBeGreaterThan(15);
    for (const query of queries)
      expect([query, (await withToken()('GET', `${KEYS}?${query}`)).status]).toEqual([query, 200]);
    const { id } = await create({ label: 'Quarterly audit' });
    expect((await list('?label=quarterly')).items.map((item) => item.id)).toEqual([id]);
  });

  it('S4-08 one key is its record, by key, access token and session', async () => {
    const { key, ...record } = await create({ scopes: ['apikeys:read'] });
    for (const ask of [withToken(), withSession()]) {
      const answer = await ask('GET', `${KEYS}${record.id}`);
      expect([answer.status, answer.json()]).toEqual([200, record]);
    }
    const own = await withKey(key)('GET', `${KEYS}${record.id}`);
    expect([own.status, own.json()]).toMatchObject([200, { id: record.id }]);
    expect((await withToken()('GET', `${KEYS}01900000-0000-7000-8000-00000000dead`)).status).toBe(404);
  });

  it('S4-09 the scope catalogue is a list of identifiers, each of which a key can be granted', async () => {
    const scopes = (await withToken()('GET', `${KEYS}scopes`)).json<string[]>();
    expect(scopes).toEqual(expect.arrayContaining(['store:read', 'store:write', 'apikeys:read', 'apikeys:write']));
    expect((await withSession()('POST', KEYS, { label: 'all', scopes })).status).toBe(201);
  });

  it('S4-11 delete answers 204 with nothing, and the key stops on every node before it', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id, key } = await create();
      expect(await tester.checks(key)).toEqual(tester.everywhere('200'));
      const answer = await withToken()('DELETE', `${KEYS}${id}`);
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(await tester.checks(key)).toEqual(tester.everywhere('401 revoked'));
      expect((await withToken()('GET', `${KEYS}${id}`)).status).toBe(404);
    }
  });

  it('S4-12 a key is shown once, and is neither changed nor rotated: it is deleted, and another one minted', async () => {
    const { id, key } = await create();
    for (const path of [KEYS, `${KEYS}${id}`]) {
      const { text } = await withToken()('GET', path);
      expect(text).not.toContain(key);
      expect(text).not.toContain('"key"');
    }
    for (const method of ['PUT', 'PATCH']) {
      const refused = await withToken()(method, `${KEYS}${id}`, { label: 'x' });
      expect([refused.status, refused.headers.allow]).toEqual([405, 'DELETE, GET, HEAD']);
    }
    expect((await withToken()('POST', `${KEYS}${id}/rotate`, {})).status).toBe(404);
    await withToken()('DELETE', `${KEYS}${id}`);
    expect((await create()).key).not.toBe(key);
  });

  it('S4-14 keys that are due are listed, and one that stands where it does not belong is taken from there by nobody', async () => {
    const { id, key } = await create();
    const due = async () => (await list('?older_than_days=90&status=active')).items.map((item) => item.id);
    expect(await due()).toEqual([]);
    await madeLongAgo(id);
    expect(await due()).toEqual([id]);
    await withToken()('DELETE', `${KEYS}${id}`);
    expect(await due()).toEqual([]);
    const other = await create();
    expect((await store({}, `/api/store/asset/?api_key=${other.key}`)).status).toBe(401);
    for (const secret of [key, other.key]) expect(tester.system.log()).not.toContain(secret);
  });

  it('S4-15 filters and scopes are no ids of keys, with a slash at the end and without, whatever may be asked of one', async () => {
    for (const name of ['filters', 'scopes']) {
      const [bare, slashed] = [await withToken()('GET', `${KEYS}${name}`), await withToken()('GET', `${KEYS}${name}/`)];
      expect([bare.status, bare.text]).toEqual([200, slashed.text]);
      expect((await withToken()('DELETE', `${KEYS}${name}`)).status).toBe(404);
      expect((await withKey((await create({ scopes: ['apikeys:read'] })).key)('GET', `${KEYS}${name}`)).status).toBe(
        403,
      );
    }
  });

  async function madeLongAgo(id: string): Promise<void> {
    const client = new Client(tester.system.databaseUrl);
    await client.connect();
    try {
      await client.query(`UPDATE issuance.key_list SET created_at = '2020-01-01Z' WHERE key_id = $1`, [id]);
    } finally {
      await client.end();
    }
  }
});
