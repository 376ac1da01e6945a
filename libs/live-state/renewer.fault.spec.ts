import { eventually } from '@latchkey/testing';
import { checkKey, Stage } from './testing/stage';

const fence = '{p0}:fence:issuance';

describe('a renewer', () => {
  let stage: Stage;
  const open = async (leaseMs: number) => (stage = await Stage.open({ leaseMs }));
  afterEach(() => stage.close());

  const incarnation = async () => (await stage.redis.get(fence))?.split(' ')[0];
  const pendingRows = async () => {
    const [row] = await stage.owners
      .dataSource('issuance')
      .query<{ count: number }[]>('SELECT count(*)::int AS count FROM pending_invalidation');
    return row?.count;
  };

  it('goes on with the same incarnation after a lapse, so entries count again', async () => {
    await open(200);
    const key = await stage.cachedKey();
    const before = await incarnation();
    await eventually(async () => expect(await checkKey(stage.node, key)).toMatchObject({ via: 'owner' }));
    await stage.renew();
    expect(await incarnation()).toBe(before);
    await stage.cachedKey();
    expect(await checkKey(stage.node, key)).toMatchObject({ kind: 'allowed', via: 'cache' });
  });

  it('waits two leases after the loss of its fence, then begins a new incarnation', async () => {
    await open(400);
    await stage.renew();
    const before = await incarnation();
    const lastRenewal = performance.now();
    await stage.redis.flushall();
    await eventually(async () => {
      await stage.renew();
      expect(await incarnation()).toBeDefined();
    });
    expect(performance.now() - lastRenewal).toBeGreaterThanOrEqual(800);
    expect(await incarnation()).not.toBe(before);
  });

  it('leads alone; when its connection to Postgres is lost another one goes on', async () => {
    await open(1_000);
    const first = stage.addRenewer('issuance', stage.redis);
    const second = stage.addRenewer('issuance', stage.redis);
    expect(await first.round()).toBe('renewed');
    expect(await second.round()).toBe('follower');
    await stage.owners.dataSource('issuance').query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND
         database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    await eventually(async () => expect(await second.round()).toBe('renewed'));
    await expect(first.round()).rejects.toThrow();
  });

  it('keeps a pending row until the fence is renewed, and no longer', async () => {
    await open(300);
    const key = await stage.cachedKey();
    const reached = stage.beforeRenewal.close();
    await stage.revoke(key, await stage.cutOff());
    const round = stage.renew('issuance');
    await reached;
    expect(await pendingRows()).toBe(1);
    stage.beforeRenewal.open();
    await round;
    expect(await pendingRows()).toBe(0);
  });

  it('sets no fence on a Redis that was restarted since it looked at the clock', async () => {
    await open(5_000);
    await stage.renew();
    const reached = stage.beforeRenewal.close();
    const round = stage.renew('issuance');
    await reached;
    await stage.server.restart();
    await eventually(() => stage.redis.ping());
    stage.beforeRenewal.open();
    await expect(round).rejects.toThrow('fences were not renewed');
    expect(await incarnation()).toBeUndefined();
  });

  it('sets no fence on a Redis that may evict', async () => {
    await open(1_000);
    await stage.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await expect(stage.renew('issuance')).rejects.toThrow('fences were not renewed');
    expect(await incarnation()).toBeUndefined();
  });
});

describe('a change', () => {
  let stage: Stage;
  afterEach(() => stage.close());

  const tookMs = async (work: () => Promise<void>) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };

  it('answers at once under a valid fence', async () => {
    stage = await Stage.open({ leaseMs: 5_000 });
    const key = await stage.cachedKey();
    expect(await tookMs(() => stage.revoke(key))).toBeLessThan(1_000);
  });

  it.each([
    ['Redis cannot be reached', async (stage: Stage) => stage.cutOff()],
    ['no fence holds', async (stage: Stage) => (await stage.addServer()).redis],
  ])('answers 2 L + 100 ms after its commit when %s', async (_, redis) => {
    stage = await Stage.open({ leaseMs: 300 });
    const key = await stage.cachedKey();
    const connection = await redis(stage);
    expect(await tookMs(() => stage.revoke(key, connection))).toBeGreaterThanOrEqual(700);
  });

  it('of a subject that is new waits for nothing', async () => {
    stage = await Stage.open({ leaseMs: 5_000 });
    const settled = stage.change(
      'identity',
      { kind: 'user', id: 'new', body: { kind: 'user', status: 'active', roles: {}, sessionGeneration: 0 } },
      await stage.cutOff(),
    );
    expect(await tookMs(() => settled)).toBeLessThan(1_000);
  });
});
