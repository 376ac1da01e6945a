import { issuanceService, type IssuanceService } from '../../testing/issuance-service';

const body = {
  name: 'CI/CD Pipeline Key',
  scopes: ['read:assets', 'read:findings', 'write:scans'],
  expires_at: '2027-01-01T00:00:00Z',
};

describe('S0: the documented calls', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('s4e');
  });
  afterAll(() => issuance.stop());

  const create = async (overrides: object = {}, key = issuance.admin) =>
    issuance.call('POST', '/api/keys', { body: { ...body, ...overrides }, key });
  const created = async (overrides: object = {}) => (await create(overrides)).body.data;

  it('S0-03 to S0-07 create answers with the envelope, the member order and the key, once', async () => {
    const reply = await create();
    expect(reply.status).toBe(201);
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(reply.body).toEqual({
      data: {
        id: expect.stringMatching(/^key-[0-9a-f]{8}$/),
        name: 'CI/CD Pipeline Key',
        key: expect.stringMatching(/^s4e_live_[a-z0-9]{32}$/),
        scopes: ['read:assets', 'read:findings', 'write:scans'],
        created_at: '2026-04-28T12:00:00Z',
        expires_at: '2027-01-01T00:00:00Z',
        last_used: null,
      },
    });
    expect(Object.keys(reply.body.data)).toEqual([
      'id',
      'name',
      'key',
      'scopes',
      'created_at',
      'expires_at',
      'last_used',
    ]);
    const { id, key } = reply.body.data;
    for (const url of ['/api/keys', `/api/keys/${id}`]) {
      const shown = await issuance.call('GET', url);
      expect(shown.status).toBe(200);
      expect(shown.text).not.toContain(key.slice('s4e_live_'.length));
    }
  });

  it('the created key passes its first check, and none for a scope that it lacks', async () => {
    const { key } = await created();
    expect(await issuance.check(key, ['read:assets'])).toBe(200);
    expect(await issuance.check(key, ['assets:read'])).toBe(200);
    expect(await issuance.check(key, ['write:assets'])).toBe(403);
    expect(await issuance.check(`${key.slice(0, -1)}!`)).toBe(401);
  });

  it('S0-10 a key with only read scopes can change nothing', async () => {
    const { key, id } = await created({ scopes: ['read:assets', 'read:findings', 'apikeys:read'] });
    expect((await issuance.call('GET', '/api/keys', { key })).status).toBe(200);
    for (const [method, url] of [
      ['POST', '/api/keys'],
      ['PUT', `/api/keys/${id}`],
      ['DELETE', `/api/keys/${id}`],
    ] as const) {
      expect((await issuance.call(method, url, { key, body })).status).toBe(403);
    }
    expect(await issuance.check(key, ['write:assets'])).toBe(403);
  });

  it('S0-14, S0-15 delete answers as documented, and the key is dead with the reply', async () => {
    const { id, key } = await created();
    const reply = await issuance.call('DELETE', `/api/keys/${id}`);
    expect([reply.status, reply.body]).toEqual([200, { status: 'success', message: 'API key revoked.' }]);
    expect(await issuance.check(key)).toBe(401);
    expect((await issuance.call('GET', '/api/keys', { key })).status).toBe(401);
  });

  it('a delete that is repeated answers the same; the key is shown no more, and cannot be changed', async () => {
    const { id } = await created();
    await issuance.call('DELETE', `/api/keys/${id}`);
    expect((await issuance.call('DELETE', `/api/keys/${id}`)).status).toBe(200);
    expect((await issuance.call('GET', `/api/keys/${id}`)).status).toBe(404);
    expect((await issuance.call('PUT', `/api/keys/${id}`, { body: { name: 'x' } })).status).toBe(409);
  });

  it('S0-16, S0-17 PUT with allowed_ips alone changes them alone, and other addresses get 403', async () => {
    const { id, key } = await created();
    const reply = await issuance.call('PUT', `/api/keys/${id}`, {
      body: { allowed_ips: ['203.0.113.0/24', '198.51.100.50'] },
    });
    expect(reply.status).toBe(200);
    expect(reply.body.data).toEqual({
      id,
      name: body.name,
      scopes: body.scopes,
      created_at: '2026-04-28T12:00:00Z',
      expires_at: '2027-01-01T00:00:00Z',
      last_used: null,
      allowed_ips: ['203.0.113.0/24', '198.51.100.50'],
      assets: 'all',
      plan: 'standard',
    });
    expect(await issuance.check(key, [], '203.0.113.9')).toBe(200);
    expect(await issuance.check(key, [], '::ffff:198.51.100.50')).toBe(200);
    expect(await issuance.check(key, [], '198.51.100.51')).toBe(403);
  });

  it('S0-13 rotating by hand: a second key with the same scopes lives beside the first until that is revoked', async () => {
    const old = await created();
    const again = { name: 'CI/CD Pipeline Key (rotated)', scopes: body.scopes };
    const rotated = (await issuance.call('POST', '/api/keys', { body: again })).body.data;
    expect(rotated.expires_at).toBeNull();
    expect([await issuance.check(old.key), await issuance.check(rotated.key)]).toEqual([200, 200]);
    await issuance.call('DELETE', `/api/keys/${old.id}`);
    expect([await issuance.check(old.key), await issuance.check(rotated.key)]).toEqual([401, 200]);
  });

  it('C1 scopes are shown as they were written, in either spelling, and an unknown one is named', async () => {
    const scopes = ['scans:write', 'read:assets', 'assets:read', 'admin'];
    expect((await created({ scopes })).scopes).toEqual(['scans:write', 'read:assets', 'admin']);
    const reply = await create({ scopes: ['read:assets', 'read:everything'] });
    expect([reply.status, reply.body]).toEqual([
      400,
      {
        status: 'error',
        error: { code: 'invalid_request', message: 'Unknown scope "read:everything".', field: 'scopes.1' },
      },
    ]);
  });

  it('an expiry with an offset is kept in UTC', async () =>
    expect((await created({ expires_at: '2027-01-01T02:30:00+02:30' })).expires_at).toBe('2027-01-01T00:00:00Z'));

  it.each([
    ['an expiry in the past', { expires_at: '2026-04-28T12:00:00Z' }, 'expires_at'],
    ['an expiry that is no time', { expires_at: 'tomorrow' }, 'expires_at'],
    ['an expiry on a day that there is not', { expires_at: '2027-02-30T00:00:00Z' }, 'expires_at'],
    ['an expiry that its offset puts in the year 10000', { expires_at: '9999-12-31T23:59:59-23:59' }, 'expires_at'],
    ['no name', { name: undefined }, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['a blank name', { name: '  ' }, 'name'],
    ['a name of 101 characters', { name: 'x'.repeat(101) }, 'name'],
    ['a name with a line break', { name: 'a\nb' }, 'name'],
    ['a name with a NUL', { name: 'a\u0000b' }, 'name'],
    ['a name that turns its direction', { name: 'a\u202egpj' }, 'name'],
    ['a name with a character of no width', { name: 'a\u200bdmin' }, 'name'],
    ['half a surrogate pair', { name: 'a\ud800' }, 'name'],
    ['no scopes', { scopes: [] }, 'scopes'],
    ['scopes that are no list', { scopes: 'admin' }, 'scopes'],
    ['an octal address', { allowed_ips: ['010.0.0.1'] }, 'allowed_ips.0'],
    ['a range with host bits', { allowed_ips: ['10.0.0.0/8', '203.0.113.7/24'] }, 'allowed_ips.1'],
    ['an unknown plan', { plan: 'gold' }, 'plan'],
    ['an unknown field', { admin: true }, 'admin'],
  ])('refuses %s with a 400 that names the field', async (_what, overrides, field) => {
    const reply = await create(overrides);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ status: 'error', error: { code: 'invalid_request', field } });
  });

  it('S0-18 a key has the plan standard, unless another one is asked for', async () => {
    const { id } = await created({ plan: 'premium' });
    expect((await issuance.call('GET', `/api/keys/${id}`)).body.data.plan).toBe('premium');
  });

  it('an id may be the short one, the full one, or that of a secret (C29)', async () => {
    const { id } = await created();
    const [{ key_id: full }] = await issuance.dataSource.query('SELECT key_id FROM key_list WHERE display_id = $1', [
      id,
    ]);
    for (const ref of [id, full, `${full}.1`, `${id}.1`]) {
      expect((await issuance.call('GET', `/api/keys/${ref}`)).body.data.id).toBe(id);
    }
    expect((await issuance.call('GET', `/api/keys/${id}.2`)).status).toBe(404);
  });
});

describe('S1-03: the form of the console', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('s4e');
  });
  afterAll(() => issuance.stop());

  const send = (form: object, key = issuance.admin) =>
    issuance.call('POST', '/api/keys', { body: { name: 'SIEM Connector', ...form }, key });
  const details = async (id: string) => (await issuance.call('GET', `/api/keys/${id}`)).body.data;

  it('gives every scope that reads, every one that writes, or both, for the assets that were chosen', async () => {
    const reply = await send({ assets: ['example.com', 'example.org', 'example.com'], read: true });
    expect([reply.status, reply.body.data.scopes]).toEqual([
      201,
      expect.arrayContaining(['read:assets', 'reports:read']),
    ]);
    expect(reply.body.data.scopes.filter((scope: string) => !scope.includes('read'))).toEqual([]);
    expect(await details(reply.body.data.id)).toMatchObject({ assets: ['example.com', 'example.org'] });

    const both = await send({ apply_all_assets: true, read: true, write: true });
    expect(both.body.data.scopes).toEqual(expect.arrayContaining(['read:scans', 'write:scans']));
    expect(both.body.data.scopes).not.toContain('apikeys:write');
    expect(await details(both.body.data.id)).toMatchObject({ assets: 'all' });
    expect(await issuance.check(both.body.data.key, ['actions:execute'])).toBe(200);
    expect(await issuance.check(both.body.data.key, ['apikeys:read'])).toBe(403);
  });

  it.each<[string, object, string]>([
    ['neither Read nor Write', { apply_all_assets: true }, 'scopes'],
    ['both of them off', { apply_all_assets: true, read: false, write: false }, 'scopes'],
    ['Read for nothing', { read: true }, 'assets'],
    ['all assets off, and none chosen', { read: true, apply_all_assets: false }, 'assets'],
    ['all assets, and some', { read: true, apply_all_assets: true, assets: ['example.com'] }, 'assets'],
    ['no asset at all', { read: true, assets: [] }, 'assets'],
    ['Read beside scopes', { scopes: ['read:assets'], read: true, apply_all_assets: true }, 'read'],
    ['a Write that is no box', { write: 'on', apply_all_assets: true }, 'write'],
  ])('refuses %s', async (_, form, field) => {
    const reply = await send(form);
    expect([reply.status, reply.body.error.code, reply.body.error.field]).toEqual([400, 'invalid_request', field]);
  });

  it('assets go with scopes too, are changed by PUT alone, and nobody gives more than their own', async () => {
    const scopes = ['read:assets', 'apikeys:write'];
    const { id, key } = (await send({ scopes, assets: ['example.com', 'example.org'] })).body.data;
    const inherited = (await send({ scopes: ['read:assets'] }, key)).body.data;
    expect(await details(inherited.id)).toMatchObject({ assets: ['example.com', 'example.org'] });
    for (const more of [{ apply_all_assets: true }, { assets: ['example.com', 'evil.example'] }]) {
      const reply = await send({ scopes: ['read:assets'], ...more }, key);
      expect([reply.status, reply.body.error.field]).toEqual([403, 'assets']);
    }
    const narrowed = await issuance.call('PUT', `/api/keys/${id}`, { body: { assets: ['example.com'] } });
    expect([narrowed.status, narrowed.body.data]).toMatchObject([200, { assets: ['example.com'], scopes }]);
  });
});

describe('S0-11: the list', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('s4e');
  });
  afterAll(() => issuance.stop());

  it('shows live keys, newest first, with a total that agrees', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      issuance.clock.advance(1_000);
      ids.unshift((await issuance.call('POST', '/api/keys', { body })).body.data.id);
    }
    await issuance.call('DELETE', `/api/keys/${ids[1]}`);

    const first = await issuance.call('GET', '/api/keys?page=1&per_page=3');
    expect(first.body.data.map((key: { id: string }) => key.id)).toEqual([ids[0], ids[2], ids[3]]);
    expect(first.body.data[0]).toEqual({
      id: ids[0],
      name: body.name,
      scopes: body.scopes,
      created_at: '2026-04-28T12:00:05Z',
      expires_at: '2027-01-01T00:00:00Z',
      last_used: null,
    });
    expect(first.body.meta).toEqual({ total: 5, page: 1, per_page: 3 });
    const second = await issuance.call('GET', '/api/keys?page=2&per_page=3');
    expect(second.body.data.map((key: { name: string }) => key.name)).toEqual([body.name, 'First admin key']);
    expect((await issuance.call('GET', '/api/keys?page=3&per_page=3')).body).toEqual({
      data: [],
      meta: { total: 5, page: 3, per_page: 3 },
    });
    expect((await issuance.call('GET', '/api/keys')).body.meta).toEqual({ total: 5, page: 1, per_page: 20 });
  });

  it('C33 pages end at 1,000, and the refusal points at the cursor', async () => {
    expect((await issuance.call('GET', '/api/keys?page=1000')).status).toBe(200);
    const reply = await issuance.call('GET', '/api/keys?page=1001');
    expect(reply.status).toBe(400);
    expect(reply.body.error).toMatchObject({ field: 'page', message: expect.stringContaining('cursor') });
  });

  it.each(['page=0', 'page=-1', 'page=a', 'page=1.5', 'per_page=0', 'per_page=201', 'sort=name', 'page=1&page=2'])(
    'refuses ?%s',
    async (query) => expect((await issuance.call('GET', `/api/keys?${query}`)).status).toBe(400),
  );
});
