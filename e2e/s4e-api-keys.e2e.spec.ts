import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@latchkey/testing';
import { bearer, jan1st, Tester, type S4eKey } from './harness/tester';
import { accessToken, registerApplication } from './harness/applications';
import { GrpcCaller } from './harness/grpc';
import { call, callerOf } from './harness/http';
import { startSystem, WAYS_OF_RUNNING } from './harness/system';

const SCOPES = ['assets', 'scans', 'findings', 'actions', 'playbooks', 'webhooks'].flatMap((resource) => [
  `read:${resource}`,
  `write:${resource}`,
]);

/** The documented commands; the documents' date would not be in the future for ever. */
const CREATE = `{
    "name": "CI/CD Pipeline Key",
    "scopes": ["read:assets", "read:findings", "write:scans"],
    "expires_at": "${jan1st(1)}"
  }`;
const CREATE_ROTATED = `{
    "name": "CI/CD Pipeline Key (rotated)",
    "scopes": ["read:assets", "read:findings", "write:scans"]
  }`;
const ALLOW_IPS = `{
    "allowed_ips": ["203.0.113.0/24", "198.51.100.50"]
  }`;
const UNAUTHORIZED = { status: 'error', error: { code: 'unauthorized', message: 'Invalid or expired API key.' } };

describe.each(WAYS_OF_RUNNING)('the S4E documents on %s', (way) => {
  let tester: Tester;
  beforeAll(async () => {
    tester = new Tester(await startSystem(way, { profile: 's4e' }));
  }, 120_000);
  afterAll(() => tester?.system.stop(), 60_000);

  const create = async (body: string) =>
    (await tester.asAdmin('POST', '/api/keys', body)).json<{ data: S4eKey }>().data;
  const listed = async () => (await tester.asAdmin('GET', '/api/keys')).json<{ data: S4eKey[]; meta: object }>();

  it('S0-01 a key is created, narrowed, and revoked by the API, and lives until then', async () => {
    const { id, key } = await tester.createS4eKey({ scopes: ['read:assets', 'write:assets'] });
    expect((await tester.addAssets(key)).status).toBe(200);
    expect((await tester.asAdmin('PUT', `/api/keys/${id}`, { scopes: ['read:assets'] })).status).toBe(200);
    expect((await tester.addAssets(key)).status).toBe(403);
    expect((await tester.getAssets(bearer(key))).status).toBe(200);
    expect((await tester.asAdmin('DELETE', `/api/keys/${id}`)).status).toBe(200);
    expect((await tester.getAssets(bearer(key))).status).toBe(401);
  });

  it('S0-03 S0-04 the documented create answers 201 with the documented envelope, and the key passes its first check', async () => {
    const before = Date.now();
    const answer = await tester.asAdmin('POST', '/api/keys', CREATE);
    expect(answer.status).toBe(201);
    const { data, ...rest } = answer.json<{ data: S4eKey }>();
    expect(await tester.checks(data.key, { scopes: ['read:assets'] })).toEqual(tester.everywhere('200'));
    expect(rest).toEqual({});
    expect(data).toMatchObject({
      name: 'CI/CD Pipeline Key',
      scopes: ['read:assets', 'read:findings', 'write:scans'],
      expires_at: jan1st(1),
      last_used: null,
    });
    expect(data.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    expect(Date.parse(data.created_at)).toBeGreaterThanOrEqual(before - 1_000);
  });

  it('S0-05 S0-06 ids and secrets have the documented shapes', async () => {
    const { id, key } = await create(CREATE);
    expect(id).toMatch(/^key-[0-9a-f]{8}$/);
    expect(key).toMatch(/^s4e_live_[a-z0-9]{32}$/);
  });

  it('S0-07 the secret is in the reply to its creation and nowhere else', async () => {
    const { id, key } = await create(CREATE);
    const path = `/api/keys/${id}`;
    const later = [
      await tester.asAdmin('GET', '/api/keys'),
      await tester.asAdmin('GET', path),
      await tester.asAdmin('PUT', path, { name: 'x' }),
      await tester.asAdmin('DELETE', path),
    ];
    for (const { status, text } of later) {
      expect(status).toBe(200);
      expect(text).not.toContain(key);
      expect(text).not.toContain('"key"');
    }
  });

  it('S0-08 each of the 13 scopes can be granted, and is shown as it was sent', async () => {
    for (const scope of [...SCOPES, 'admin'])
      expect((await tester.createS4eKey({ scopes: [scope] })).scopes).toEqual([scope]);
    const refused = await tester.asAdmin('POST', '/api/keys', { name: 'x', scopes: ['read:everything'] });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('read:everything')]);
  });

  it('S0-09 a write scope allows its own resource alone, and not to read it; admin allows everything', async () => {
    const writeAssets = await tester.createS4eKey({ scopes: ['write:assets'] });
    const admin = await tester.createS4eKey({ scopes: ['admin'] });
    for (const scope of SCOPES) {
      expect(await tester.checks(writeAssets.key, { scopes: [scope] })).toEqual(
        tester.everywhere(scope === 'write:assets' ? '200' : '403 scope_missing'),
      );
      expect(await tester.checks(admin.key, { scopes: [scope] })).toEqual(tester.everywhere('200'));
    }
    expect((await tester.addAssets(writeAssets.key)).status).toBe(200);
    expect((await tester.getAssets(bearer(writeAssets.key))).status).toBe(403);
  });

  it('S0-10 a key with only read scopes cannot modify anything', async () => {
    const { id, key } = await tester.createS4eKey({ scopes: SCOPES.filter((scope) => scope.startsWith('read:')) });
    const asReader = callerOf(tester.system.url, key);
    expect((await tester.getAssets(bearer(key))).status).toBe(200);
    const attempts = [
      tester.addAssets(key),
      asReader('POST', '/api/keys', CREATE),
      asReader('PUT', `/api/keys/${id}`, ALLOW_IPS),
      asReader('DELETE', `/api/keys/${id}`),
      asReader('POST', '/api/v1/api-keys', { name: 'x', scopes: ['assets:read'] }),
    ];
    for (const { status } of await Promise.all(attempts)) expect(status).toBe(403);
    for (const scope of SCOPES.filter((scope) => scope.startsWith('write:'))) {
      expect(await tester.checks(key, { scopes: [scope] })).toEqual(tester.everywhere('403 scope_missing'));
    }
  });

  it('S0-11 the list has the documented form, and a new key is in the next one', async () => {
    const before = await listed();
    const created = await create(CREATE);
    const { data, meta } = await listed();
    const { key, ...shown } = created;
    expect(data.find(({ id }) => id === created.id)).toEqual(shown);
    expect(data.every((item) => !('key' in item))).toBe(true);
    expect(key).toMatch(/^s4e_live_/);
    expect(meta).toEqual({ total: (before.meta as { total: number }).total + 1, page: 1, per_page: 20 });
  });

  it('S0-13 rotation by hand: both keys pass until the old one is revoked', async () => {
    const old = await create(CREATE);
    const rotated = await create(CREATE_ROTATED);
    expect(rotated).toMatchObject({ name: 'CI/CD Pipeline Key (rotated)', scopes: old.scopes, expires_at: null });
    for (const { key } of [old, rotated]) expect((await tester.getAssets(bearer(key))).status).toBe(200);
    await tester.asAdmin('DELETE', `/api/keys/${old.id}`);
    expect((await tester.getAssets(bearer(old.key))).status).toBe(401);
    expect((await tester.getAssets(bearer(rotated.key))).status).toBe(200);
  });

  it('S0-21 a plain key with the scopes for it does what the documents do with one: it creates, lists, changes and revokes', async () => {
    const scopes = ['apikeys:read', 'apikeys:write', 'read:assets', 'read:findings', 'write:scans'];
    const withPlainKey = callerOf(tester.system.url, (await tester.createS4eKey({ scopes })).key);
    const created = await withPlainKey('POST', '/api/keys', CREATE_ROTATED);
    expect(created.status).toBe(201);
    const { id } = created.json<{ data: S4eKey }>().data;
    expect((await withPlainKey('GET', '/api/keys')).text).toContain(id);
    expect((await withPlainKey('PUT', `/api/keys/${id}`, ALLOW_IPS)).status).toBe(200);
    expect((await withPlainKey('DELETE', `/api/keys/${id}`)).status).toBe(200);
  });

  describe('a key for some assets', () => {
    /** The form of S1-03, as the console sends it. */
    const save = async (form: object) => {
      const answer = await tester.asAdmin('POST', '/api/keys', { name: 'SIEM Connector', ...form });
      expect(answer.status).toBe(201);
      return answer.json<{ data: S4eKey }>().data;
    };
    /** The documented command, with the key in the body. */
    const bulkAdd = (assets: readonly string[], token: string) =>
      call(tester.system.assetsUrl, { method: 'POST', path: '/asset/handler/bulk-asset-add', body: { assets, token } });

    it('S1-03 is made by the form: the assets that were picked, Read and Write', async () => {
      const reader = await save({ assets: ['example.com'], read: true });
      expect(reader.scopes).toEqual(expect.arrayContaining(['read:assets', 'read:findings', 'reports:read']));
      expect(reader.scopes.some((scope) => scope.startsWith('write:'))).toBe(false);
      const everything = await save({ apply_all_assets: true, read: true, write: true });
      expect((await bulkAdd(['anything.example'], everything.key)).status).toBe(200);
      expect((await tester.asAdmin('POST', '/api/keys', { name: 'x', read: true })).status).toBe(400);
    });

    it('S1-04 S1-05 the documented command adds its assets with the key in the body, and says so in a message', async () => {
      const { key } = await save({ assets: ['example.com'], read: true, write: true });
      const added = await bulkAdd(['example.com'], key);
      expect([added.status, added.json()]).toEqual([200, { message: expect.stringContaining('added') }]);
      expect(tester.system.log()).not.toContain(key);
      const hostnames = (await tester.getAssets(bearer(key))).json<{ data: { hostname: string }[] }>().data;
      expect(hostnames.map(({ hostname }) => hostname)).toEqual(['example.com']);
    });

    it('S1-04 S1-05 other assets, no right to write, no key and a wrong one are refused, and nothing is added', async () => {
      const writer = await save({ assets: ['example.com'], write: true });
      const reader = await save({ apply_all_assets: true, read: true });
      const refused = [
        await bulkAdd(['example.net'], writer.key),
        await bulkAdd(['example.com', 'example.net'], writer.key),
        await bulkAdd(['example.net'], reader.key),
        await bulkAdd(['example.net'], 's4e_live_a1b2c3d4e5f6g7h8i9j0'),
        await bulkAdd(['example.net'], ''),
      ];
      expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 401, 401]);
      for (const answer of refused) expect(answer.json()).toMatchObject({ status: 'error', error: {} });
      expect((await tester.getAssets(bearer(reader.key))).text).not.toContain('example.net');
    });

    it('S1-04 is kept to its assets by every way of asking: check, forward-auth, gRPC', async () => {
      const { key } = await save({ assets: ['example.com'], read: true });
      for (const [asset, action, expected] of [
        ['example.com', 'assets:read', '200'],
        ['example.com', 'bulk-add', '200'],
        ['example.com', 'assets:write', '403 scope_missing'],
        ['example.net', 'assets:read', '403 asset_not_allowed'],
        ['EXAMPLE.COM', 'assets:read', '403 asset_not_allowed'],
        ['', 'assets:read', '403 asset_not_allowed'],
      ] as const) {
        expect(await tester.checks(key, { asset, action })).toEqual(tester.everywhere(expected));
        const query = new URLSearchParams({ asset, action }).toString();
        const forwarded = tester.system.enforcementUrls.map((url) =>
          call(url, { path: `/v1/forward-auth?${query}`, credential: key }),
        );
        expect((await Promise.all(forwarded)).map(({ status }) => status)).toEqual(
          tester.everywhere(expected.slice(0, 3)).map(Number),
        );
        for (const address of tester.system.enforcementGrpc) {
          const grpc = new GrpcCaller(address);
          const { status, reason } = await grpc.check({ credential: key, asset, action });
          grpc.close();
          expect(`${status} ${reason ?? ''}`.trim()).toBe(expected);
        }
      }
    });

    it('S1-03 is narrowed by PUT on every node before the answer', async () => {
      const { id, key } = await save({ assets: ['example.com', 'example.net'], read: true });
      const reading = (asset: string) => tester.checks(key, { scopes: ['assets:read'], asset });
      expect(await reading('example.net')).toEqual(tester.everywhere('200'));
      const answer = await tester.asAdmin('PUT', `/api/keys/${id}`, { assets: ['example.com'] });
      expect([answer.status, answer.json()]).toMatchObject([200, { data: { assets: ['example.com'] } }]);
      expect(await reading('example.net')).toEqual(tester.everywhere('403 asset_not_allowed'));
      expect(await reading('example.com')).toEqual(tester.everywhere('200'));
    });

    it('S1-03 has its assets picked from what the workspace says it has', async () => {
      const assets = ['example.org', 'example.com'];
      await tester.asAdmin('PUT', '/api/v1/asset-source', { assets }, { 'x-request-id': `assets-${way}` });
      const answer = await tester.asAdmin('GET', '/api/v1/assets?search=example');
      expect(answer.json()).toEqual({ items: [{ id: 'example.com' }, { id: 'example.org' }], next_cursor: null });
      await eventually(
        async () => {
          const events = await tester.asAdmin('GET', `/api/v1/audit-events?request_id=assets-${way}`);
          expect(events.json()).toMatchObject({ items: [{ type: 'latchkey.asset_source.changed.v1' }] });
        },
        { timeoutMs: 30_000 },
      );
    });
  });

  it('S1-19 a key and an application can be kept to known addresses, from their making on', async () => {
    const allowed = { allowed_ips: ['127.0.0.1', '203.0.113.0/24'] };
    const { key } = await tester.createS4eKey({ scopes: ['read:assets'], ...allowed });
    const { url, adminKey } = tester.system;
    const application = await registerApplication(url, adminKey, { scopes: ['assets:read'], ...allowed });
    for (const credential of [key, await accessToken(url, application)]) {
      const from = async (ip: string) =>
        (await tester.getAssets({ ...bearer(credential), 'x-forwarded-for': ip })).status;
      expect([await from('203.0.113.7'), await from('198.51.100.50')]).toEqual([200, 403]);
      expect(await tester.checks(credential, { ip: '198.51.100.50' })).toEqual(tester.everywhere('403 ip_not_allowed'));
    }
  });

  it('S0-20 every answer says how much is left and when; one too many is a 429 that says when to come back, and costs nothing', async () => {
    const { key } = await tester.createS4eKey({ scopes: ['read:assets'] });
    const first = await tester.getAssets(bearer(key));
    expect(first.headers).toMatchObject({ 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '99' });
    expect(first.headers['ratelimit-policy']).toContain('q=100');
    const reset = Number(first.headers['x-ratelimit-reset']);
    expect(reset).toBeGreaterThan(Date.now() / 1_000);
    expect(reset).toBeLessThanOrEqual(Date.now() / 1_000 + 61);
    for (let round = 0; round < 10; round += 1)
      await Promise.all(Array.from({ length: 10 }, () => tester.getAssets(bearer(key))));
    const refused = await tester.getAssets({ 'x-api-key': key });
    expect([refused.status, refused.json()]).toMatchObject([429, { status: 'error', error: { code: 'rate_limited' } }]);
    const wait = Number(refused.headers['retry-after']);
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);
  });

  it('S2-12 S2-13 a key that lacks the scope is told 403 forbidden, in the documented form', async () => {
    const { key } = await tester.createS4eKey({ scopes: ['read:assets'] });
    const answer = await callerOf(tester.system.url, key)('POST', '/api/keys', CREATE);
    expect(answer.status).toBe(403);
    expect(answer.json()).toEqual({
      status: 'error',
      error: { code: 'forbidden', message: expect.stringContaining('apikeys:write') },
    });
  });

  it('S0-14 the documented revoke answers as documented', async () => {
    const { id } = await create(CREATE);
    const answer = await tester.asAdmin('DELETE', `/api/keys/${id}`);
    expect([answer.status, answer.json()]).toEqual([200, { status: 'success', message: 'API key revoked.' }]);
  });

  it('S0-15 a revoked key gets 401 in the first check after its DELETE returned, from every node', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id, key } = await create(CREATE);
      expect(await tester.checks(key)).toEqual(tester.everywhere('200'));
      await tester.asAdmin('DELETE', `/api/keys/${id}`);
      const [answer, checks] = await Promise.all([tester.getAssets(bearer(key)), tester.checks(key)]);
      expect([answer.status, answer.json(), checks]).toEqual([401, UNAUTHORIZED, tester.everywhere('401 revoked')]);
    }
  });

  it('S0-15 while calls keep coming, none that begins after the DELETE returned is accepted', async () => {
    const { id, key } = await tester.createS4eKey({ scopes: ['read:assets'], plan: 'unlimited' });
    let revokedAt = Infinity;
    const began = { accepted: [] as number[], refused: [] as number[] };
    const keepCalling = async (url: string) => {
      while (performance.now() < revokedAt + 300) {
        const at = performance.now();
        const { allowed } = (await tester.checkAt(url, key)).json<{ allowed: boolean }>();
        (allowed ? began.accepted : began.refused).push(at);
      }
    };
    const callers = [...tester.system.enforcementUrls, ...tester.system.enforcementUrls].map(keepCalling);
    await pause(300);
    await tester.asAdmin('DELETE', `/api/keys/${id}`);
    revokedAt = performance.now();
    await Promise.all(callers);
    expect(began.accepted.length).toBeGreaterThan(0);
    expect(began.refused.some((at) => at > revokedAt)).toBe(true);
    expect(began.accepted.filter((at) => at > revokedAt)).toEqual([]);
  });

  it('S0-16 S0-17 the documented allowlist: listed addresses pass, others get 403, and nothing else changes', async () => {
    const { id, key, ...before } = await create(CREATE);
    const answer = await tester.asAdmin('PUT', `/api/keys/${id}`, ALLOW_IPS);
    expect(answer.status).toBe(200);
    expect(answer.json<{ data: object }>().data).toMatchObject({
      id,
      ...before,
      allowed_ips: ['203.0.113.0/24', '198.51.100.50'],
    });
    for (const ip of ['203.0.113.7', '198.51.100.50', '::ffff:203.0.113.7']) {
      expect((await tester.getAssets({ ...bearer(key), 'x-forwarded-for': ip })).status).toBe(200);
      expect(await tester.checks(key, { ip })).toEqual(tester.everywhere('200'));
    }
    for (const ip of ['198.51.100.51', '203.0.114.1', '2001:db8::1']) {
      const refused = await tester.getAssets({ ...bearer(key), 'x-forwarded-for': ip });
      expect([refused.status, refused.json()]).toMatchObject([403, { status: 'error', error: { code: 'forbidden' } }]);
      expect(await tester.checks(key, { ip })).toEqual(tester.everywhere('403 ip_not_allowed'));
    }
    expect((await tester.getAssets(bearer(key))).status).toBe(403);
    const forged = await tester.getAssets({ ...bearer(key), 'x-forwarded-for': '203.0.113.7, 192.0.2.1' });
    expect(forged.status).toBe(403);
  });

  it('S0-18 standard allows 100 a minute and is the default; premium and enterprise allow more', async () => {
    const { key } = await create(CREATE);
    const statuses = [];
    for (let round = 0; round < 11; round += 1) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => tester.getAssets(bearer(key))));
      statuses.push(...answers.map(({ status }) => status));
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(100);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    const refused = await tester.getAssets(bearer(key));
    expect(refused.headers).toMatchObject({
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '0',
      'retry-after': expect.stringMatching(/^[1-9]\d*$/) as string,
    });
    expect(refused.json()).toMatchObject({ status: 'error', error: { code: 'rate_limited' } });
    for (const [plan, limit] of [
      ['premium', '1000'],
      ['enterprise', '10000'],
    ] as const) {
      const tier = await tester.createS4eKey({ scopes: ['read:assets'], plan });
      expect((await tester.getAssets(bearer(tier.key))).headers['x-ratelimit-limit']).toBe(limit);
    }
  });

  it('S2-01 S2-02 S2-03 the sample API takes a key as Bearer token and as X-API-Key', async () => {
    const { key } = await create(CREATE);
    for (const headers of [bearer(key), { 'x-api-key': key }]) {
      const answer = await tester.getAssets(headers);
      expect([answer.status, answer.headers['x-ratelimit-limit']]).toEqual([200, '100']);
    }
    for (const headers of [
      {},
      bearer('s4e_live_a1b2c3d4e5f6g7h8i9j0'),
      { 'x-api-key': 's4e_live_a1b2c3d4e5f6g7h8i9j0' },
    ]) {
      const answer = await tester.getAssets(headers);
      expect([answer.status, answer.json()]).toEqual([401, UNAUTHORIZED]);
    }
  });

  it('two different credentials in one call are refused, the same one twice is not', async () => {
    const [one, other] = [await create(CREATE), await create(CREATE)];
    expect((await tester.getAssets({ ...bearer(one.key), 'x-api-key': one.key })).status).toBe(200);
    const answer = await tester.getAssets({ ...bearer(one.key), 'x-api-key': other.key });
    expect([answer.status, answer.json()]).toMatchObject([
      400,
      { status: 'error', error: { code: 'multiple_credentials' } },
    ]);
  });

  it('a key that expires stops at that moment, without anybody doing anything', async () => {
    const { key } = await tester.createS4eKey({
      scopes: ['read:assets'],
      expires_at: new Date(Date.now() + 3_000).toISOString(),
    });
    expect((await tester.getAssets(bearer(key))).status).toBe(200);
    await pause(3_000);
    expect(await tester.checks(key)).toEqual(tester.everywhere('401 expired'));
  });
});
