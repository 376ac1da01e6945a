import { issuanceService, type IssuanceService, type Method } from '../../testing/issuance-service';

const KEYS = '/api/admin/api-keys';
const body = { label: 'Nightly export', scopes: ['store:read', 'apikeys:read'] };

describe('S4: the documented calls', () => {
  let issuance: IssuanceService;
  let session: string;
  beforeAll(async () => {
    issuance = await issuanceService('slaunch');
    session = issuance.identity.openSession(issuance.identity.first.ownerId).token;
  });
  afterAll(() => issuance.stop());

  const call = (method: Method, url: string, sent?: unknown, key = session) =>
    issuance.call(method, url, { key, ...(sent !== undefined && { body: sent }) });
  const created = async (overrides: object = {}) => (await call('POST', `${KEYS}/`, { ...body, ...overrides })).body;

  it('S4-10, S4-03 create answers 201 with the record, and the key once; it passes from X-API-Key as it is', async () => {
    const reply = await call('POST', `${KEYS}/`, { ...body, expires: '2027-01-15T00:00:00Z' });
    expect([reply.status, reply.headers['cache-control']]).toEqual([201, 'no-store']);
    expect(reply.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      label: 'Nightly export',
      scopes: ['store:read', 'apikeys:read'],
      created: '2026-04-28T12:00:00Z',
      expires: '2027-01-15T00:00:00Z',
      last_used: null,
      created_by: issuance.identity.first.ownerId,
      key: expect.stringMatching(/^sla_live_[0-9A-Za-z]{43}$/),
    });
    const { key, ...record } = reply.body;
    const shown = await issuance.call('GET', `${KEYS}/${record.id}`, { key: '', headers: { 'x-api-key': key } });
    expect([shown.status, shown.body]).toEqual([200, record]);
  });

  it('a key without an expiry lives until it is deleted', async () => {
    expect((await created()).expires).toBeNull();
    expect((await created({ expires: null })).expires).toBeNull();
  });

  it('S4-04 every address is there with a slash at its end and without', async () => {
    const { id } = await created();
    for (const address of [KEYS, `${KEYS}/filters`, `${KEYS}/scopes`, `${KEYS}/${id}`]) {
      const [bare, slashed] = [await call('GET', address), await call('GET', `${address}/`)];
      expect([address, bare.status]).toEqual([address, 200]);
      expect(slashed.text).toBe(bare.text);
    }
    expect((await call('POST', KEYS, body)).status).toBe(201);
    expect((await call('DELETE', `${KEYS}/${id}/`)).status).toBe(204);
    expect((await call('GET', `${KEYS}//`)).status).toBe(404);
  });

  it('S4-15 filters and scopes are not taken for the id of a key', async () => {
    expect((await call('GET', `${KEYS}/scopes`)).body).toEqual([
      ...['store:read', 'store:write', 'apikeys:read', 'apikeys:write', 'scopes:read', 'users:read', 'users:write'],
      ...['oauth:read', 'oauth:write', 'audit:read', 'enforcement:check'],
    ]);
    expect((await call('GET', `${KEYS}/filters`)).body).toMatchObject({
      sorts: { default: { sort_by: 'created', sort_order: 'desc' } },
    });
    for (const name of ['filters', 'scopes'])
      expect((await call('DELETE', `${KEYS}/${name}`)).body).toMatchObject({ status: 404, code: 'key.not_found' });
  });

  describe('S4-05 the kinds of credential', () => {
    const NO_KEYS = [
      ['GET', '/filters'],
      ['GET', '/scopes'],
      ['POST', '/'],
      ['DELETE', '/key-00000000'],
    ] as const;

    it('of routes that are not marked for keys: not even an admin key, which is told what they take', async () => {
      for (const [method, path] of NO_KEYS) {
        const reply = await call(method, `${KEYS}${path}`, method === 'POST' ? body : undefined, issuance.admin);
        expect([reply.status, reply.body]).toMatchObject([
          403,
          { code: 'auth.forbidden', detail: 'This takes a session or an access token, not an API key.' },
        ]);
      }
    });

    it('of routes that are: list and read', async () => {
      const { id, key } = await created();
      for (const path of ['/', `/${id}`])
        expect((await call('GET', `${KEYS}${path}`, undefined, key)).status).toBe(200);
    });

    it('an access token is taken everywhere, with the scopes for it', async () => {
      const { ownerId } = issuance.identity.first;
      const { id } = await created();
      const scopes = ['apikeys:read', 'apikeys:write', 'store:read'];
      const { token } = issuance.identity.registerClient(ownerId, { scopes });
      const asked: readonly (readonly [Method, string, number, unknown?])[] = [
        ['GET', '/', 200],
        ['GET', '/filters', 200],
        ['GET', '/scopes', 200],
        ['GET', `/${id}`, 200],
        ['POST', '/', 201, { label: 'by a client', scopes: ['store:read'] }],
        ['DELETE', `/${id}`, 204],
      ];
      for (const [method, path, status, sent] of asked)
        expect([path, (await call(method, `${KEYS}${path}`, sent, token)).status]).toEqual([path, status]);
      const { token: reader } = issuance.identity.registerClient(ownerId, { scopes: ['apikeys:read'] });
      for (const [method, path] of [['GET', '/scopes'], ...NO_KEYS.slice(2)] as const)
        expect((await call(method, `${KEYS}${path}`, method === 'POST' ? body : undefined, reader)).status).toBe(403);
    });
  });

  it('S4-11 delete answers 204 with nothing, also when repeated; the key is dead, and not there any more', async () => {
    const { id, key } = await created();
    expect(await issuance.check(key)).toBe(200);
    const reply = await call('DELETE', `${KEYS}/${id}`);
    expect([reply.status, reply.text]).toEqual([204, '']);
    expect(await issuance.check(key)).toBe(401);
    expect((await call('GET', `${KEYS}/${id}`)).status).toBe(404);
    expect((await call('GET', `${KEYS}/`)).text).not.toContain(id);
    expect((await call('DELETE', `${KEYS}/${id}`)).status).toBe(204);
  });

  it('S4-12 nothing shows a key again, changes it or rotates it', async () => {
    const { id, key } = await created();
    for (const path of ['/', `/${id}`]) {
      const { text } = await call('GET', `${KEYS}${path}`);
      expect(text).not.toContain(key);
      expect(text).not.toContain('"key"');
    }
    for (const method of ['PUT', 'PATCH', 'POST'] as const) {
      const reply = await call(method, `${KEYS}/${id}`, { label: 'x' });
      expect([reply.status, reply.headers['allow']]).toEqual([405, 'DELETE, GET, HEAD']);
    }
    expect((await call('POST', `${KEYS}/${id}/rotate`, {})).status).toBe(404);
  });

  it.each([
    ['no label', { label: undefined }, 'label'],
    ['a blank label', { label: ' ' }, 'label'],
    ['no scopes', { scopes: [] }, 'scopes'],
    ['an unknown scope', { scopes: ['store:read', 'store:raed'] }, 'scopes.1'],
    ['an expiry that is no time', { expires: 'tomorrow' }, 'expires'],
    ['an expiry in the past', { expires: '2026-04-28T12:00:00Z' }, 'expires'],
    ['an unknown field', { name: 'x' }, 'name'],
  ])('refuses %s with a problem that names the field', async (_what, overrides, field) => {
    const reply = await call('POST', `${KEYS}/`, { ...body, ...overrides });
    expect(reply.headers['content-type']).toContain('application/problem+json');
    expect(reply.body).toMatchObject({ status: 400, field });
  });

  it('C18 nobody grants beyond their own: a client no scope that it lacks', async () => {
    const { token } = issuance.identity.registerClient(issuance.identity.first.ownerId, { scopes: ['apikeys:write'] });
    expect((await call('POST', `${KEYS}/`, body, token)).body).toMatchObject({ code: 'key.exceeds_grantor' });
  });
});

const FIRST = 'First admin key';

describe('S4-06: the list', () => {
  let issuance: IssuanceService;
  let session: string;
  const labels = ['delta', 'Bravo', 'alpha', 'charlie', 'echo'];
  const ids = new Map<string, string>();

  beforeAll(async () => {
    issuance = await issuanceService('slaunch');
    session = issuance.identity.openSession(issuance.identity.first.ownerId).token;
    for (const label of labels) {
      issuance.clock.advance(1_000);
      const expires = label === 'alpha' ? '2026-06-01T00:00:00Z' : label === 'echo' ? '2026-05-01T00:00:00Z' : null;
      const scopes = label === 'Bravo' ? ['store:write'] : ['store:read'];
      const sent = { body: { label, scopes, expires }, key: session };
      ids.set(label, (await issuance.call('POST', `${KEYS}/`, sent)).body.id);
    }
    await issuance.call('DELETE', `${KEYS}/${String(ids.get('charlie'))}`, { key: session });
  });
  afterAll(() => issuance.stop());

  const page = (query = '', key = session) => issuance.call('GET', `${KEYS}/${query}`, { key });
  const shown = async (query: string) => (await page(query)).body.items.map(({ label }: { label: string }) => label);

  it('shows the newest first, with a total and a cursor, and keys that are not deleted', async () => {
    const { body: first } = await page('?limit=3');
    expect(first.items.map(({ label }: { label: string }) => label)).toEqual(['echo', 'alpha', 'Bravo']);
    expect([first.total, Object.keys(first)]).toEqual([5, ['items', 'next_cursor', 'total']]);
    const { body: last } = await page(`?limit=3&cursor=${first.next_cursor}`);
    expect(last.items.map(({ label }: { label: string }) => label)).toEqual(['delta', FIRST]);
    expect([last.next_cursor, last.total]).toEqual([null, 5]);
  });

  it('hydrate=false gives ids and labels only', async () => {
    const { body: bare } = await page('?hydrate=false&limit=1');
    expect(bare.items).toEqual([{ id: ids.get('echo'), label: 'echo' }]);
    const { body: next } = await page(`?limit=1&cursor=${bare.next_cursor}`);
    expect(next.items[0]).toHaveProperty('scopes');
  });

  it('takes every filter that /filters announces, and every sort', async () => {
    const { filters, sorts } = (await issuance.call('GET', `${KEYS}/filters`, { key: session })).body;
    const samples = { string: 'store:read', enum: 'active', datetime: '2026-01-01T00:00:00Z', integer: '7' };
    for (const { type, operators } of filters) {
      for (const { parameter, type: own = type } of operators as { parameter: string; type?: string }[]) {
        const reply = await page(`?${parameter}=${samples[own as keyof typeof samples]}`);
        expect([parameter, reply.status]).toEqual([parameter, 200]);
      }
    }
    for (const field of sorts.fields)
      for (const order of sorts.orders) expect((await page(`?sort_by=${field}&sort_order=${order}`)).status).toBe(200);
  });

  it.each([
    ['label=A', ['alpha', 'Bravo', 'delta', FIRST]],
    ['label=a&scope=store:read', ['alpha', 'delta']],
    ['scope=store:write', ['Bravo']],
    ['expires_before=2026-05-15T00:00:00Z', ['echo']],
    ['status=expired', []],
  ])('?%s lets through what it says, and counts that', async (query, expected) => {
    const { items, total } = (await page(`?${query}&sort_by=label&sort_order=asc`)).body;
    expect(items.map(({ label }: { label: string }) => label)).toEqual([...expected].sort());
    expect(total).toBe(expected.length);
  });

  it('sorts by label as its characters go, and by expiry with what never expires at the end', async () => {
    expect(await shown('?sort_by=label&sort_order=asc')).toEqual(['Bravo', FIRST, 'alpha', 'delta', 'echo']);
    expect((await shown('?sort_by=expires&sort_order=asc')).slice(0, 2)).toEqual(['echo', 'alpha']);
    expect((await shown('?sort_by=expires')).slice(-2)).toEqual(['alpha', 'echo']);
  });

  it.each([
    ['sort_by=name', 'sort_by'],
    ['sort_order=up', 'sort_order'],
    ['hydrate=no', 'hydrate'],
    ['limit=201', 'limit'],
    ['status=revoked', 'status'],
    ['created_after=yesterday', 'created_after'],
    ['scope=store:raed', 'scope'],
    ['unused_for_days=0', 'unused_for_days'],
    ['page=2', 'page'],
    ['label=a&label=b', 'label'],
    ['cursor=x', 'cursor'],
  ])('refuses ?%s and names it', async (query, field) => {
    expect((await page(`?${query}`)).body).toMatchObject({ status: 400, field });
  });

  it('a member sees and counts keys of their own', async () => {
    const member = issuance.identity.openSession(issuance.identity.addMember('member')).token;
    expect((await page('', member)).body).toMatchObject({ items: [], total: 0 });
    await issuance.call('POST', `${KEYS}/`, { body: { ...body, scopes: ['store:read'] }, key: member });
    expect((await page('', member)).body.total).toBe(1);
    expect((await page('?label=delta', member)).body).toMatchObject({ items: [], total: 0 });
  });
});
