import { issuanceService, type IssuanceService } from '../../testing/issuance-service';

const body = {
  name: 'SOAR Integration Key',
  scopes: ['alerts:read', 'alerts:write', 'assets:read', 'search:read'],
  expires_at: '2027-01-15T00:00:00Z',
};
const HOUR_MS = 3_600_000;

describe('S3: the canonical surface', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('zshield');
  });
  afterAll(() => issuance.stop());

  const create = (overrides: object = {}, key = issuance.admin) =>
    issuance.call('POST', '/api/v1/api-keys', { body: { ...body, ...overrides }, key });
  const created = async (overrides: object = {}, key = issuance.admin) => (await create(overrides, key)).body;
  const rotate = (id: string, sent?: unknown, key = issuance.admin) =>
    issuance.call('POST', `/api/v1/api-keys/${id}/rotate`, { ...(sent !== undefined && { body: sent }), key });

  it('S3-03, S3-06 create answers 201 with the record and the key, once', async () => {
    const reply = await create();
    expect(reply.status).toBe(201);
    expect(reply.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      key: expect.stringMatching(/^zpoa_live_[0-9A-Za-z]{43}$/),
      name: body.name,
      scopes: body.scopes,
      scope_sets: [],
      plan: 'starter',
      allowed_ips: [],
      assets: 'all',
      tags: [],
      status: 'active',
      created_at: expect.any(String),
      created_by: issuance.identity.first.ownerId,
      expires_at: '2027-01-15T00:00:00Z',
      last_used: null,
      secrets: [{ id: `${reply.body.id}.1`, created_at: expect.any(String), grace_until: null }],
    });
    const { key, ...record } = reply.body;
    expect((await issuance.call('GET', `/api/v1/api-keys/${reply.body.id}`)).body).toEqual(record);
    expect(await issuance.check(key, ['alerts:write'])).toBe(200);
  });

  it('S3-10, S3-11 rotate: both secrets pass in the grace period, and the old one ends with it', async () => {
    const { id, key } = await created();
    const reply = await rotate(id, { grace_period_hours: 48 });
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ id, name: body.name, status: 'active' });
    expect(reply.body.secrets.map((secret: { id: string }) => secret.id)).toEqual([`${id}.1`, `${id}.2`]);
    const graceMs = Date.parse(reply.body.secrets[0].grace_until) - issuance.clock.now().getTime();
    expect(graceMs).toBe(48 * HOUR_MS);
    expect([await issuance.check(key), await issuance.check(reply.body.key)]).toEqual([200, 200]);
    issuance.clock.advance(48 * HOUR_MS);
    expect([await issuance.check(key), await issuance.check(reply.body.key)]).toEqual([401, 200]);
    expect((await issuance.call('GET', `/api/v1/api-keys/${id}`)).body.secrets).toHaveLength(1);
  });

  it.each([
    ['24 hours without a body', undefined, 24],
    ['24 hours for an empty body', {}, 24],
    ['half an hour', { grace_period_hours: 0.5 }, 0.5],
    ['720 hours', { grace_period_hours: 720 }, 720],
  ])('C28 a grace period of %s', async (_what, sent, hours) => {
    const { id } = await created();
    const reply = await rotate(id, sent);
    expect(Date.parse(reply.body.secrets[0].grace_until) - issuance.clock.now().getTime()).toBe(hours * HOUR_MS);
  });

  it('C8 grace 0 kills the old secret before the reply', async () => {
    const { id, key } = await created();
    const reply = await rotate(id, { grace_period_hours: 0 });
    expect([await issuance.check(key), await issuance.check(reply.body.key)]).toEqual([401, 200]);
    expect(issuance.settled.at(-1)).toMatchObject({ kind: 'key', id, version: 2 });
  });

  it.each([-1, 720.5, '24', null, 1e400, true])('refuses a grace period of %p', async (hours) => {
    const { id } = await created();
    expect((await rotate(id, { grace_period_hours: hours })).status).toBe(400);
  });

  it('of 100 rotations of one secret at once one wins, and the others hear so', async () => {
    const { id } = await created();
    const replies = await Promise.all(Array.from({ length: 100 }, () => rotate(id, { replaces: `${id}.1` })));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(replies.filter(({ body: b }) => b.code === 'stream.version_conflict')).toHaveLength(99);
    const { secrets } = (await issuance.call('GET', `/api/v1/api-keys/${id}`)).body;
    expect(secrets.map((secret: { id: string }) => secret.id)).toEqual([`${id}.1`, `${id}.2`]);
    const { status, body } = await rotate(id, { replaces: `${id}.1` });
    expect([status, body.code, body.field]).toEqual([409, 'stream.version_conflict', 'replaces']);
  });

  it('of rotations at once that do not say what they replace two secrets pass at most', async () => {
    const { id, key } = await created();
    const replies = await Promise.all(Array.from({ length: 8 }, () => rotate(id)));
    expect(replies.every(({ status }) => status === 201 || status === 409)).toBe(true);
    const issued = replies.filter(({ status }) => status === 201).map(({ body: b }) => b.key);
    const passing = await Promise.all([key, ...issued].map((secret) => issuance.check(secret)));
    expect(passing.filter((status) => status === 200)).toHaveLength(2);
  });

  it('S3-13, S3-14 delete answers 204, also when repeated, and every secret of the key is dead', async () => {
    const { id, key } = await created();
    const { key: second } = (await rotate(id)).body;
    const reply = await issuance.call('DELETE', `/api/v1/api-keys/${id}`);
    expect([reply.status, reply.text]).toEqual([204, '']);
    expect([await issuance.check(key), await issuance.check(second)]).toEqual([401, 401]);
    expect((await issuance.call('DELETE', `/api/v1/api-keys/${id}`)).status).toBe(204);
    expect((await issuance.call('GET', `/api/v1/api-keys/${id}`)).body).toMatchObject({
      status: 'revoked',
      secrets: [],
    });
    expect((await rotate(id)).status).toBe(409);
  });

  it('a repeated delete waits for the first one to hold everywhere', async () => {
    const { id } = await created();
    await issuance.call('DELETE', `/api/v1/api-keys/${id}`);
    const before = issuance.settled.length;
    await issuance.call('DELETE', `/api/v1/api-keys/${id}`);
    expect(issuance.settled.slice(before)).toEqual([
      { kind: 'key', id, workspaceId: issuance.identity.first.workspaceId, version: 2 },
    ]);
  });

  it('C29 delete of a secret id ends that secret, and of the last one the key', async () => {
    const { id, key } = await created();
    const { key: second } = (await rotate(id)).body;
    expect((await issuance.call('DELETE', `/api/v1/api-keys/${id}.1`)).status).toBe(204);
    expect([await issuance.check(key), await issuance.check(second)]).toEqual([401, 200]);
    expect((await issuance.call('DELETE', `/api/v1/api-keys/${id}.2`)).status).toBe(204);
    expect((await issuance.call('GET', `/api/v1/api-keys/${id}`)).body.status).toBe('revoked');
    expect((await issuance.call('DELETE', `/api/v1/api-keys/${id}.3`)).status).toBe(404);
  });

  it('S3-15 an expired key stops at its time, and can be revoked but not revived', async () => {
    const expiresAt = new Date(issuance.clock.now().getTime() + HOUR_MS).toISOString();
    const { id, key } = await created({ expires_at: expiresAt });
    issuance.clock.advance(HOUR_MS - 1);
    expect(await issuance.check(key)).toBe(200);
    issuance.clock.advance(1);
    expect(await issuance.check(key)).toBe(401);
    expect((await issuance.call('GET', `/api/v1/api-keys/${id}`)).body.status).toBe('expired');
    expect((await rotate(id)).status).toBe(409);
    expect((await issuance.call('PATCH', `/api/v1/api-keys/${id}`, { body: { name: 'x' } })).status).toBe(409);
    expect((await issuance.call('DELETE', `/api/v1/api-keys/${id}`)).status).toBe(204);
  });

  it('PATCH changes what it names, and a change to what is already there records nothing', async () => {
    const { id, key } = await created();
    const patch = { name: 'SOAR', scopes: ['alerts:read'], plan: 'professional', allowed_ips: ['10.0.0.0/8'] };
    const reply = await issuance.call('PATCH', `/api/v1/api-keys/${id}`, { body: patch });
    expect([reply.status, reply.body]).toMatchObject([200, { id, ...patch }]);
    expect(await issuance.check(key, ['alerts:write'], '10.1.1.1')).toBe(403);
    const count = async () =>
      Number((await issuance.dataSource.query('SELECT count(*) FROM events WHERE stream_id = $1', [id]))[0].count);
    expect(await count()).toBe(5);
    expect((await issuance.call('PATCH', `/api/v1/api-keys/${id}`, { body: patch })).status).toBe(200);
    expect((await issuance.call('PATCH', `/api/v1/api-keys/${id}`, { body: {} })).status).toBe(200);
    expect(await count()).toBe(5);
    expect((await issuance.call('PATCH', `/api/v1/api-keys/${id}`, { body: { user_id: 'x' } })).status).toBe(400);
  });

  it('S2-16 lists the keys whose newest secret is older than a time, the oldest first, until they are rotated', async () => {
    const { clock, dataSource } = issuance;
    const day = 24 * HOUR_MS;
    const [oldest, older, expired, revoked] = [await created(), await created(), await created({}), await created()];
    await dataSource.query(`UPDATE key_list SET expires_at = $1 WHERE key_id = $2`, [clock.now(), expired.id]);
    await issuance.call('DELETE', `/api/v1/api-keys/${revoked.id}`);
    clock.advance(10 * day);
    await rotate(older.id, { grace_period_hours: 720 });
    clock.advance(10 * day);
    const young = await created();
    const idsBefore = async (time: Date) => {
      const ids: string[] = [];
      let cursor: string | null = null;
      do {
        const query = `secret_before=${time.toISOString()}&limit=1${cursor === null ? '' : `&cursor=${cursor}`}`;
        const reply = await issuance.call('GET', `/api/v1/api-keys?${query}`);
        ids.push(...reply.body.items.map(({ id }: { id: string }) => id));
        cursor = reply.body.next_cursor;
      } while (cursor !== null);
      return ids.filter((id) => [oldest, older, expired, revoked, young].some((key) => key.id === id));
    };
    const now = clock.now().getTime();
    expect(await idsBefore(new Date(now - 5 * day))).toEqual([oldest.id, older.id]);
    expect(await idsBefore(new Date(now - 15 * day))).toEqual([oldest.id]);
    await rotate(oldest.id);
    expect(await idsBefore(new Date(now - 5 * day))).toEqual([older.id]);
    const { next_cursor: cursor } = (await issuance.call('GET', '/api/v1/api-keys?limit=1')).body;
    const mixed = `secret_before=${clock.now().toISOString()}&cursor=${cursor}`;
    expect((await issuance.call('GET', `/api/v1/api-keys?${mixed}`)).status).toBe(400);
    const plan = await dataSource.transaction(async (tx) => {
      await tx.query('SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off');
      return tx.query<unknown>(
        `EXPLAIN SELECT 1 FROM key_list WHERE workspace_id = 'w' AND revoked_at IS NULL
         AND (secrets -> -1 ->> 'created_at') COLLATE "C" < 'x' ORDER BY (secrets -> -1 ->> 'created_at') COLLATE "C", key_id LIMIT 9`,
      );
    });
    expect(JSON.stringify(plan)).toMatch(/Index Scan using key_list_oldest_secrets/);
  });

  it('lists by a cursor that leads through every key once, revoked ones included', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { items, next_cursor: next } = (
        await issuance.call('GET', `/api/v1/api-keys?limit=3${cursor && `&cursor=${cursor}`}`)
      ).body;
      expect(items.length).toBeLessThanOrEqual(3);
      seen.push(...items.map(({ id }: { id: string }) => id));
      cursor = next ?? '';
      // A key that is made meanwhile is newer than every page to come.
      if (seen.length === 3) await create();
    } while (cursor !== '');
    const rows: { key_id: string }[] = await issuance.dataSource.query(
      'SELECT key_id FROM key_list ORDER BY created_at DESC, key_id DESC',
    );
    expect(new Set(seen).size).toBe(seen.length);
    expect(rows.map((row) => row.key_id).filter((id) => seen.includes(id))).toEqual(seen);
    expect(seen).toHaveLength(rows.length - 1);
  });

  it.each(['cursor=abc', 'cursor=', 'limit=0', 'limit=201', 'limit=x', 'page=1'])('refuses ?%s', async (query) =>
    expect((await issuance.call('GET', `/api/v1/api-keys?${query}`)).status).toBe(400),
  );

  it('shows the scopes and plans that keys can have', async () => {
    const scopes = (await issuance.call('GET', '/api/v1/scopes')).body;
    expect(scopes.items).toContainEqual({ name: 'rules:read', description: 'Read detection rules.' });
    expect(scopes.items.map(({ name }: { name: string }) => name)).not.toContain('admin:full');
    const plans = (await issuance.call('GET', '/api/v1/plans')).body;
    expect(plans.items[0]).toMatchObject({
      name: 'starter',
      default: true,
      limits: [
        { name: 'second', limit: 20 },
        { name: 'minute', limit: 60 },
        { name: 'day', limit: 10_000 },
      ],
    });
    const { key } = await created();
    expect((await issuance.call('GET', '/api/v1/scopes', { key })).status).toBe(403);
  });

  it('tells a caller who it is', async () => {
    const { id, key } = await created();
    expect((await issuance.call('GET', '/api/v1/me', { key })).body).toMatchObject({
      kind: 'api_key',
      id,
      secret_id: `${id}.1`,
      name: body.name,
      scopes: [...body.scopes].sort(),
    });
  });

  it('S3-08 problem+json names the code, the field and the request', async () => {
    const reply = await issuance.call('POST', '/api/v1/api-keys', {
      body: { ...body, scopes: ['alerts:red'] },
      headers: { 'x-request-id': 'abc-1' },
    });
    expect(reply.headers['content-type']).toContain('application/problem+json');
    expect(reply.body).toMatchObject({
      status: 400,
      code: 'key.unknown_scope',
      field: 'scopes.0',
      request_id: 'abc-1',
    });
  });

  describe('C18 nobody grants beyond their own', () => {
    it.each([
      ['a scope', { scopes: ['rules:write'] }, 'scopes'],
      ['a better plan', { plan: 'enterprise' }, 'plan'],
      ['a longer life', { expires_at: '2028-01-01T00:00:00Z' }, 'expires_at'],
      ['an endless life', { expires_at: null }, 'expires_at'],
      ['other addresses', { allowed_ips: ['0.0.0.0/0'] }, 'allowed_ips'],
    ])('%s', async (_what, wanted, field) => {
      const maker = await created({ scopes: ['apikeys:write', ...body.scopes], plan: 'professional' });
      await issuance.call('PATCH', `/api/v1/api-keys/${maker.id}`, { body: { allowed_ips: ['127.0.0.0/8'] } });
      const reply = await create({ ...wanted }, maker.key);
      expect([reply.status, reply.body]).toMatchObject([403, { code: 'key.exceeds_grantor', field }]);
    });

    it('what is not asked for is what the maker has', async () => {
      const maker = await created({ scopes: ['apikeys:write', ...body.scopes], allowed_ips: ['127.0.0.0/8'] });
      const asked = { name: body.name, scopes: body.scopes };
      const child = await issuance.call('POST', '/api/v1/api-keys', { body: asked, key: maker.key });
      expect(child.body).toMatchObject({ expires_at: maker.expires_at, allowed_ips: ['127.0.0.0/8'], plan: 'starter' });
    });

    it('a weak key gets no stronger one by rotating it, and cannot strengthen itself', async () => {
      const strong = await created();
      const weak = await created({ scopes: ['apikeys:write', 'alerts:read'] });
      expect((await rotate(strong.id, {}, weak.key)).status).toBe(403);
      for (const stronger of [{ scopes: ['alerts:write'] }, { plan: 'enterprise' }]) {
        const reply = await issuance.call('PATCH', `/api/v1/api-keys/${weak.id}`, { body: stronger, key: weak.key });
        expect(reply.status).toBe(403);
      }
      expect((await rotate(weak.id, {}, weak.key)).status).toBe(201);
    });

    describe('by way of another key, which may be narrowed but not widened beyond the caller', () => {
      const writer = (overrides: object) => created({ scopes: ['apikeys:write', 'assets:write'], ...overrides });
      const change = async (id: string, key: string, changes: object) => {
        const reply = await issuance.call('PATCH', `/api/v1/api-keys/${id}`, { body: changes, key });
        return [reply.status, reply.body.code, reply.body.field];
      };
      const beyond = (field: string) => [403, 'key.exceeds_grantor', field];

      it('a short-lived key tied to an address gives its scopes to none that outlives it or leaves the address', async () => {
        const soon = new Date(issuance.clock.now().getTime() + HOUR_MS).toISOString();
        const target = await created({ scopes: ['alerts:read'], expires_at: null });
        for (const [limits, field] of [
          [{ expires_at: soon }, 'expires_at'],
          [{ allowed_ips: ['127.0.0.1'] }, 'allowed_ips'],
        ] as const) {
          const { key } = await writer(limits);
          expect(await change(target.id, key, { scopes: ['assets:write'] })).toEqual(beyond(field));
        }
        expect(await issuance.check(target.key, ['assets:write'])).toBe(403);
      });

      it('a key that may only write keys takes no list of addresses off a stronger one, and gives it no better plan', async () => {
        const strong = await created({ allowed_ips: ['203.0.113.7'] });
        const { key } = await created({ scopes: ['apikeys:write'], plan: 'enterprise' });
        expect(await change(strong.id, key, { allowed_ips: [] })).toEqual(beyond('scopes'));
        expect(await change(strong.id, key, { plan: 'professional' })).toEqual(beyond('scopes'));
        const put = await issuance.call('PUT', `/api/keys/${strong.id}`, { body: { allowed_ips: [] }, key });
        expect(put.status).toBe(403);
        expect(await issuance.check(strong.key, [], '198.51.100.1')).toBe(403);
        expect((await change(strong.id, key, { scopes: ['alerts:read'], name: 'narrowed' }))[0]).toBe(200);
      });
    });

    it('C23 an owner may grant the plan unlimited, with a key that has it', async () => {
      expect((await create({ plan: 'unlimited' })).status).toBe(201);
      const admin = await created({ scopes: ['admin:full'], plan: 'enterprise' });
      expect((await create({ plan: 'unlimited' }, admin.key)).status).toBe(403);
    });
  });

  describe('a foreign workspace', () => {
    it('answers for its keys exactly as for keys that there are not', async () => {
      const owner = '01900000-0000-7000-8000-0000000000f2';
      const workspace = issuance.identity.add('01900000-0000-7000-8000-0000000000e2', 's4e', owner);
      const stranger = await issuance.adminOf(workspace, owner);
      const mine = await created();
      const [{ display_id: displayId }] = await issuance.dataSource.query(
        'SELECT display_id FROM key_list WHERE key_id = $1',
        [mine.id],
      );
      const nobodys = ['01900000-0000-7000-8000-00000000dead', 'key-00000000', 'x', '%00', 'key-0000000G', '..%2f'];
      const calls = (id: string) =>
        [
          ['GET', `/api/v1/api-keys/${id}`, undefined],
          ['PATCH', `/api/v1/api-keys/${id}`, { name: 'x' }],
          ['POST', `/api/v1/api-keys/${id}/rotate`, {}],
          ['POST', `/api/v1/api-keys/${id}/suspend`, {}],
          ['POST', `/api/v1/api-keys/${id}/resume`, undefined],
          ['DELETE', `/api/v1/api-keys/${id}`, undefined],
          ['GET', `/api/keys/${id}`, undefined],
          ['PUT', `/api/keys/${id}`, { name: 'x' }],
          ['DELETE', `/api/keys/${id}`, undefined],
        ] as const;
      const answers = async (id: string) =>
        Promise.all(
          calls(id).map(async ([method, url, sent]) => {
            const headers = { 'x-request-id': 'same' };
            const reply = await issuance.call(method, url, { key: stranger, headers, ...(sent && { body: sent }) });
            return [reply.status, reply.text];
          }),
        );
      const foreign = await answers(mine.id);
      expect(foreign.map(([status]) => status)).toEqual(Array(9).fill(404));
      for (const id of [`${mine.id}.1`, displayId, ...nobodys]) expect(await answers(id)).toEqual(foreign);
      expect(await issuance.check(mine.key)).toBe(200);
    });

    it('has its own profile: prefix, scopes and spelling, in the same deployment', async () => {
      const owner = '01900000-0000-7000-8000-0000000000f3';
      const stranger = await issuance.adminOf(
        issuance.identity.add('01900000-0000-7000-8000-0000000000e3', 's4e', owner),
        owner,
      );
      const made = await issuance.call('POST', '/api/v1/api-keys', {
        body: { name: 'x', scopes: ['read:scans'] },
        key: stranger,
      });
      expect(made.body).toMatchObject({
        key: expect.stringMatching(/^s4e_live_/),
        scopes: ['read:scans'],
        plan: 'standard',
      });
      const list = await issuance.call('GET', '/api/keys', { key: stranger });
      expect(list.body.meta.total).toBe(2);
      const page = (await issuance.call('GET', '/api/v1/api-keys?limit=1')).body;
      const replayed = await issuance.call('GET', `/api/v1/api-keys?cursor=${page.next_cursor}`, { key: stranger });
      expect([replayed.status, replayed.body.code]).toEqual([400, 'request.invalid_cursor']);
    });
  });
});
