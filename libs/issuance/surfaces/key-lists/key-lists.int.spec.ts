import { PostgresKeyUses } from '../../adapters/postgres-key-uses';
import { issuanceService, type IssuanceService } from '../../testing/issuance-service';

const KEYS = '/api/v1/api-keys';
const DAY_MS = 24 * 3_600_000;

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used: string | null;
}

describe('a list of keys', () => {
  let issuance: IssuanceService;
  let member: string;
  const ids = new Map<string, string>();

  /** Days from the first; today is the fortieth. Two were made at one moment, and two last used. */
  const MADE = [
    { name: 'Nightly export', day: 0, expires: 20, used: [3] },
    { name: 'nightly import', day: 0, expires: null, used: [5, 39] },
    { name: '100% _real_', day: 10, expires: 60, used: [] },
    { name: 'ключ', day: 20, expires: 50, used: [39] },
    { name: 'Same name', day: 30, expires: null, used: [] },
    { name: 'Same name', day: 30, expires: 45, used: [31] },
    { name: 'Member’s own', day: 35, expires: null, used: [36] },
  ] as const;

  beforeAll(async () => {
    issuance = await issuanceService('zshield');
    const { identity, clock } = issuance;
    const user = identity.addMember('member');
    member = identity.openSession(user).token;
    const start = clock.now().getTime();
    const dayOf = (day: number) => new Date(start + day * DAY_MS);
    const uses = new PostgresKeyUses(issuance.dataSource);
    for (const [index, { name, day, expires, used }] of MADE.entries()) {
      clock.advance(dayOf(day).getTime() - clock.now().getTime());
      const scopes = name.startsWith('Member') ? ['search:read'] : index % 2 === 0 ? ['alerts:read'] : ['assets:read'];
      const expires_at = expires === null ? null : dayOf(expires).toISOString();
      const key = name.startsWith('Member') ? member : issuance.admin;
      const reply = await issuance.call('POST', KEYS, { body: { name, scopes, expires_at }, key });
      ids.set(`${name} ${index}`, reply.body.id);
      await uses.note(used.map((at, secret) => ({ keyId: reply.body.id, secretNumber: secret + 1, at: dayOf(at) })));
    }
    clock.advance(dayOf(40).getTime() - clock.now().getTime());
    await issuance.call('DELETE', `${KEYS}/${String(ids.get('Same name 4'))}`);
  });
  afterAll(() => issuance.stop());

  const call = (query: string, key = issuance.admin) => issuance.call('GET', `${KEYS}?${query}`, { key });
  const all = async (): Promise<readonly Shown[]> => (await call('limit=200')).body.items;
  const names = async (query: string, key?: string) =>
    ((await call(query, key)).body.items as Shown[]).map(({ name }) => name).sort();
  const moment = (day: number) => new Date(Date.parse('2026-04-28T12:00:00Z') + day * DAY_MS).toISOString();

  describe('is the same page by page as in one, by', () => {
    const LAST = '9999';
    const sortKeys = {
      created_at: ({ created_at: at }: Shown) => at,
      name: ({ name }: Shown) => name,
      expires_at: ({ expires_at: at }: Shown) => at ?? LAST,
      last_used: ({ last_used: at }: Shown) => at ?? '',
    };
    const byPages = async (query: string, limit: number) => {
      const found: Shown[] = [];
      let cursor: string | null = null;
      do {
        // The cursor is enough: it knows what its list was asked for.
        const { body } = await call(cursor === null ? `${query}&limit=${limit}` : `limit=${limit}&cursor=${cursor}`);
        found.push(...body.items);
        cursor = body.next_cursor;
      } while (cursor !== null);
      return found;
    };

    it.each(
      Object.entries(sortKeys).flatMap(([sort, of]) =>
        (['asc', 'desc'] as const).map((order) => ({ sort, order, of })),
      ),
    )('$sort, $order', async ({ sort, order, of }) => {
      const sorted = [...(await all())].map(of).sort();
      const expected = order === 'asc' ? sorted : sorted.reverse();
      const whole: Shown[] = (await call(`sort_by=${sort}&sort_order=${order}&limit=200`)).body.items;
      expect(whole.map(of)).toEqual(expected);
      for (const limit of [1, 2, 3]) expect(await byPages(`sort_by=${sort}&sort_order=${order}`, limit)).toEqual(whole);
      expect(await byPages(`sort_by=${sort}&sort_order=${order}&name=a`, 2)).toEqual(
        whole.filter(({ name }) => name.toLowerCase().includes('a')),
      );
    });
  });

  it.each([
    ['name=NIGHTLY', ['Nightly export', 'nightly import']],
    ['name=%D0%BA%D0%BB%D1%8E', ['ключ']],
    ['name=%25%20_', ['100% _real_']],
    ['name=%25%25', []],
    ['scope=search:read', ['Member’s own']],
    ['scope=alerts:read&name=export', ['Nightly export']],
    ['status=revoked', ['Same name']],
    ['status=expired', ['Nightly export']],
    ['status=suspended', []],
    ['status=active&name=nightly', ['nightly import']],
    ['tag=none', []],
    [`created_after=${moment(20)}&created_before=${moment(35)}`, ['Same name', 'Same name']],
    [`expires_after=${moment(45)}`, ['100% _real_', 'ключ']],
    [`expires_before=${moment(45)}`, ['Nightly export']],
    [`last_used_after=${moment(36)}`, ['nightly import', 'ключ']],
    [`last_used_before=${moment(31)}`, ['Nightly export']],
    ['unused_for_days=9&scope=assets:read&status=active', []],
    ['unused_for_days=30', ['First admin key', 'Nightly export']],
    ['older_than_days=30', ['First admin key', 'Nightly export', 'nightly import']],
    [`older_than_days=10&created_before=${moment(10)}&name=nightly`, ['Nightly export', 'nightly import']],
  ])('?%s lets through what it says', async (query, expected) =>
    expect(await names(query)).toEqual([...expected].sort()),
  );

  it('of one user has their keys, and a member has no other', async () => {
    const { user_id: id } = (await issuance.call('GET', '/api/v1/me', { key: member })).body;
    expect(await names(`created_by=${id}`)).toEqual(['Member’s own']);
    for (const query of [
      '',
      'sort_by=name',
      'sort_by=expires_at',
      'sort_by=last_used',
      'name=nightly&sort_by=last_used',
    ])
      expect(await names(query, member)).toEqual(query.includes('nightly') ? [] : ['Member’s own']);
    expect(await names(`created_by=${issuance.identity.first.ownerId}`, member)).toEqual([]);
  });

  it('S2-16 of old secrets has those that pass, the oldest first, and goes by nothing else', async () => {
    const { items } = (await call(`secret_before=${moment(30)}`)).body as { items: Shown[] };
    expect(items.map(({ name }) => name)).toEqual(['First admin key', 'nightly import', '100% _real_', 'ключ']);
    for (const other of ['sort_by=name', 'sort_order=asc', 'status=active']) {
      const reply = await call(`secret_before=${moment(30)}&${other}`);
      expect(reply.body).toMatchObject({ status: 400, field: other.split('=')[0] });
    }
  });

  it.each([
    ['sort_by=plan', 'sort_by'],
    ['sort_order=down', 'sort_order'],
    ['status=gone', 'status'],
    ['scope=search:raed', 'scope'],
    ['scope=', 'scope'],
    ['name=%00', 'name'],
    ['tag=%00', 'tag'],
    ['created_after=2026', 'created_after'],
    ['unused_for_days=x', 'unused_for_days'],
    ['older_than_days=3651', 'older_than_days'],
    ['colour=red', 'colour'],
    ['status=active&status=revoked', 'status'],
  ])('refuses ?%s and names it', async (query, field) =>
    expect((await call(query)).body).toMatchObject({ status: 400, field }),
  );

  describe('has a cursor that', () => {
    const cursorOf = async (query: string) => String((await call(`limit=1&${query}`)).body.next_cursor);

    it('may be sent with what its list was asked for, in whatever words, and with nothing else', async () => {
      const cursor = await cursorOf('name=nightly');
      for (const same of ['', '&name=nightly', '&sort_by=created_at', '&limit=7'])
        expect((await call(`cursor=${cursor}${same}`)).status).toBe(200);
      for (const [other, field] of [
        ['name=export', 'name'],
        ['sort_order=asc', 'sort_order'],
        ['status=active', 'status'],
      ] as const) {
        const reply = await call(`cursor=${cursor}&${other}`);
        expect(reply.body).toMatchObject({ status: 400, code: 'request.invalid_cursor', field });
      }
    });

    it('no other list takes', async () => {
      const cursor = await cursorOf('sort_by=name');
      const { token } = issuance.identity.openSession(issuance.identity.first.ownerId);
      const reply = await issuance.call('GET', `/api/admin/api-keys/?cursor=${cursor}`, { key: token });
      expect(reply.body).toMatchObject({ status: 400, code: 'request.invalid_cursor', field: 'cursor' });
    });
  });
});
