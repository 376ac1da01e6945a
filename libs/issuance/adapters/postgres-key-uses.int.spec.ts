import { issuanceService, type IssuanceService } from '../testing/issuance-service';
import { PostgresKeyUses } from './postgres-key-uses';

const at = (second: number) => new Date(Date.UTC(2026, 3, 28, 12, 0, second));

describe('the last use of keys', () => {
  let issuance: IssuanceService;
  let uses: PostgresKeyUses;
  beforeAll(async () => {
    issuance = await issuanceService('s4e');
    uses = new PostgresKeyUses(issuance.dataSource);
  });
  afterAll(() => issuance.stop());

  const create = async () => {
    const { body } = await issuance.call('POST', '/api/v1/api-keys', { body: { name: 'k', scopes: ['read:assets'] } });
    return (body as { id: string }).id;
  };
  const lastUsed = async (id: string) =>
    ((await issuance.call('GET', `/api/v1/api-keys/${id}`)).body as { last_used: string | null }).last_used;

  it('is the latest of all its secrets, whatever comes again, and in whatever order', async () => {
    const keyId = await create();
    expect(await lastUsed(keyId)).toBeNull();
    const noted = [
      { keyId, secretNumber: 1, at: at(7) },
      { keyId, secretNumber: 2, at: at(9) },
    ];
    await uses.note(noted);
    await uses.note(noted);
    await uses.note([{ keyId, secretNumber: 2, at: at(8) }]);
    expect(await lastUsed(keyId)).toBe('2026-04-28T12:00:09Z');
  });

  it('is in every list, and in what a change and a rotation answer', async () => {
    const keyId = await create();
    await uses.note([{ keyId, secretNumber: 1, at: at(5) }]);
    const used = { last_used: '2026-04-28T12:00:05Z' };
    const list = (await issuance.call('GET', '/api/v1/api-keys')).body as { items: object[] };
    expect(list.items).toContainEqual(expect.objectContaining({ id: keyId, ...used }));
    const changed = await issuance.call('PATCH', `/api/v1/api-keys/${keyId}`, { body: { name: 'other' } });
    expect(changed.body).toMatchObject(used);
    const rotated = await issuance.call('POST', `/api/v1/api-keys/${keyId}/rotate`, {
      body: { grace_period_hours: 1 },
    });
    expect(rotated.body).toMatchObject(used);
    const s4e = (await issuance.call('GET', '/api/keys')).body as { data: object[] };
    expect(s4e.data).toContainEqual(expect.objectContaining(used));
  });

  it('readers of different batches do not wait for each other in a ring', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, create));
    const batch = (order: readonly string[], second: number) =>
      uses.note(order.map((keyId) => ({ keyId, secretNumber: 1, at: at(second) })));
    await Promise.all(
      Array.from({ length: 20 }, (_, round) => batch(round % 2 === 0 ? keys : [...keys].reverse(), round)),
    );
    expect(await lastUsed(keys[0] ?? '')).toBe('2026-04-28T12:00:19Z');
  });
});
