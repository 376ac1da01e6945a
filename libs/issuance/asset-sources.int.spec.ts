import { rebuildProjection } from '@latchkey/event-store';
import { assetSourceProjection } from './projections/asset-source.projection';
import { issuanceService, type IssuanceService } from './testing/issuance-service';

describe('what a picker of assets offers', () => {
  let issuance: IssuanceService;
  beforeEach(async () => {
    issuance = await issuanceService('s4e');
  });
  afterEach(() => issuance.stop());

  const choose = (body: unknown, key = issuance.admin) => issuance.call('PUT', '/api/v1/asset-source', { body, key });
  const offered = async (query = '', key = issuance.admin) =>
    (await issuance.call('GET', `/api/v1/assets${query}`, { key })).body;
  const keyWith = async (body: object) =>
    (await issuance.call('POST', '/api/v1/api-keys', { body: { name: 'one', ...body } })).body.key as string;

  it('is nothing until the workspace says what it has, and that then, in order and each once', async () => {
    expect(await offered()).toEqual({ items: [], next_cursor: null });
    const assets = ['example.org', 'Example.com', 'example.org'];
    const reply = await choose({ assets });
    expect([reply.status, reply.body]).toEqual([200, { assets }]);
    expect((await issuance.call('GET', '/api/v1/asset-source')).body).toEqual({ assets });
    expect(await offered()).toEqual({ items: [{ id: 'Example.com' }, { id: 'example.org' }], next_cursor: null });
    expect((await offered('?search=COM')).items).toEqual([{ id: 'Example.com' }]);
  });

  it('comes in pages', async () => {
    await choose({ assets: ['a', 'b', 'c', 'd', 'e'] });
    const first = await offered('?limit=3');
    const second = await offered(`?limit=3&cursor=${first.next_cursor}`);
    expect([first.items, second]).toEqual([
      [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
      { items: [{ id: 'd' }, { id: 'e' }], next_cursor: null },
    ]);
  });

  it('is only what the credential may use itself', async () => {
    await choose({ assets: ['a', 'b', 'c'] });
    const key = await keyWith({ scopes: ['apikeys:write'], assets: ['b', 'elsewhere'] });
    expect((await offered('', key)).items).toEqual([{ id: 'b' }]);
  });

  it('is for those who may make keys; where it comes from is for admins', async () => {
    const key = await keyWith({ scopes: ['apikeys:read', 'apikeys:write'] });
    const reader = await keyWith({ scopes: ['apikeys:read'] });
    expect((await issuance.call('GET', '/api/v1/assets', { key })).status).toBe(200);
    expect((await issuance.call('GET', '/api/v1/assets', { key: reader })).status).toBe(403);
    expect((await choose({ assets: ['a'] }, key)).status).toBe(403);
    expect((await issuance.call('GET', '/api/v1/asset-source', { key })).status).toBe(403);
  });

  it('is on record when it changes, once, and can be built again', async () => {
    await choose({ assets: ['a'] });
    await choose({ assets: ['a'] });
    await choose({ assets: ['b'] });
    const rows = await issuance.dataSource.query(
      `SELECT type FROM events WHERE type = 'latchkey.asset_source.changed.v1'`,
    );
    expect(rows).toHaveLength(2);
    expect(await rebuildProjection(issuance.dataSource, assetSourceProjection, { replace: false })).toEqual({
      rows: 1,
      equal: true,
    });
  });
});

describe('what a workspace says of its assets', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('s4e');
  });
  afterAll(() => issuance.stop());

  it.each<[string, object, string | undefined]>([
    ['an address that the operator has not allowed', { url: 'http://169.254.169.254/latest' }, 'url'],
    ['no address at all', { url: 'nowhere' }, 'url'],
    ['an empty name', { assets: [''] }, 'assets.0'],
    ['too many names', { assets: Array.from({ length: 1_001 }, (_, place) => `a${place}`) }, 'assets'],
    ['a list and an address', { assets: [], url: 'https://inventory.example.com' }, undefined],
    ['neither', {}, undefined],
  ])('is refused when it is %s', async (_, body, field) => {
    const reply = await issuance.call('PUT', '/api/v1/asset-source', { body });
    expect(reply.status).toBe(400);
    if (field !== undefined) expect(reply.body.field).toBe(field);
    expect((await issuance.call('GET', '/api/v1/asset-source')).body).toEqual({ assets: [] });
  });
});
