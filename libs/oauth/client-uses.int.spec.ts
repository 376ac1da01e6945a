import type { AccessTokenEntry } from '@latchkey/contracts';
import { PostgresClientUses } from './adapters/postgres-client-uses';
import { ApplicationService } from './testing/application-service';

const at = (second: number) => new Date(Date.UTC(2026, 3, 28, 12, 0, second));
const issued = (clientId: string, second: number): AccessTokenEntry => ({
  ...{ timeMs: at(second).getTime(), outcome: 'issued', endpoint: 'token', method: 'client_secret_basic', clientId },
  ...{ workspaceId: 'w1', jti: 't1', scopes: [], expiresAtMs: null, ip: null, userAgent: null },
});

describe('when an application last got a token', () => {
  let oauth: ApplicationService;
  beforeAll(async () => {
    oauth = await ApplicationService.start();
  });
  afterAll(() => oauth.stop());

  const register = async (): Promise<string> =>
    (await oauth.call('POST', '', { body: { name: 'Nightly import', scopes: ['assets:read'] } })).body.id;
  const lastUsed = async (id: string): Promise<string | null> => (await oauth.call('GET', `/${id}`)).body.last_used;

  it('is null until it does, then the latest, whatever comes again, and in whatever order', async () => {
    const [id, other] = [await register(), await register()];
    expect(await lastUsed(id)).toBeNull();
    const batch = [issued(id, 7), issued(id, 9), { ...issued(id, 11), outcome: 'suspended' }];
    await oauth.deliver(batch);
    await oauth.deliver(batch);
    await oauth.deliver([issued(id, 8)]);
    expect([await lastUsed(id), await lastUsed(other)]).toEqual(['2026-04-28T12:00:09Z', null]);
  });

  it('is in the list, and in what each change answers', async () => {
    const id = await register();
    await oauth.deliver([issued(id, 5)]);
    const used = { id, last_used: '2026-04-28T12:00:05Z' };
    expect((await oauth.call('GET', '')).body.items).toContainEqual(expect.objectContaining(used));
    expect((await oauth.call('PATCH', `/${id}`, { body: { name: 'other' } })).body).toMatchObject(used);
    expect((await oauth.call('POST', `/${id}/rotate-secret`)).body).toMatchObject(used);
    for (const change of ['suspend', 'resume', 'end-tokens'])
      expect((await oauth.call('POST', `/${id}/${change}`)).body).toMatchObject(used);
  });

  it('is noted by readers of different batches that do not wait for each other in a ring', async () => {
    const uses = new PostgresClientUses(oauth.dataSource);
    const ids = await Promise.all(Array.from({ length: 10 }, register));
    const note = (order: readonly string[], second: number) =>
      uses.note(order.map((clientId) => ({ clientId, at: at(second) })));
    await Promise.all(Array.from({ length: 20 }, (_, round) => note(round % 2 ? ids : ids.toReversed(), round)));
    expect(await lastUsed(ids[0] ?? '')).toBe('2026-04-28T12:00:19Z');
  });
});
