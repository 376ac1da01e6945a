import { issuanceMigrations } from './issuance-migrations';
import { issuanceService, type IssuanceService } from '../testing/issuance-service';

describe('the update of the list of keys', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('zshield');
  });
  afterAll(() => issuance.stop());

  it('finds out when old secrets were replaced, of rotations that came before it', async () => {
    const post = async (path: string, body: object) =>
      (await issuance.call('POST', `/api/v1/api-keys${path}`, { body })).body;
    const key = { name: 'key', scopes: ['alerts:read'] };
    const { id } = await post('', key);
    await post('', key);
    await post(`/${id}/rotate`, { grace_period_hours: 48 });
    issuance.clock.advance(3_600_000);
    await post(`/${id}/rotate`, { grace_period_hours: 48 });
    const rows = () =>
      issuance.dataSource.query('SELECT key_id, grace_until, replaced_at, stalled FROM key_list ORDER BY key_id');
    const before = await rows();
    expect(before).toContainEqual(expect.objectContaining({ key_id: id, replaced_at: issuance.clock.now() }));

    const [migration] = issuanceMigrations
      .filter(({ name }) => name.startsWith('WidenKeyList'))
      .map((each) => new each());
    const runner = issuance.dataSource.createQueryRunner();
    try {
      await migration?.down(runner);
      await migration?.up(runner);
    } finally {
      await runner.release();
    }
    expect(await rows()).toEqual(before);
  });
});
