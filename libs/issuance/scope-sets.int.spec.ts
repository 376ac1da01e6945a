import { issuanceService, type IssuanceService } from './testing/issuance-service';

const SETS = '/api/v1/scope-sets';

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
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 404]);
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
