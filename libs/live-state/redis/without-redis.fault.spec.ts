import type { SubjectReader } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import { eventually } from '@latchkey/testing';
import { minute, queryFor } from '../testing/query';
import { checkKey, Stage } from '../testing/stage';
import { RedisLiveAccess } from './redis-live-access';

describe('while Redis cannot be reached', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open({ leaseMs: 300, commandTimeoutMs: 200 });
  });
  afterEach(() => stage.close());

  it.each([
    ['killed', (stage: Stage) => stage.server.kill()],
    ['paused', async (stage: Stage) => stage.server.pause()],
  ])('%s: owners answer, and each node admits its share of a limit', async (_, lose) => {
    const key = await stage.cachedKey();
    await lose(stage);
    const checks = Array.from({ length: 60 }, () => stage.node.decide(queryFor(key, { windows: [minute(100)] })));
    const outcomes = await Promise.all(checks);
    const allowed = outcomes.filter(({ kind }) => kind === 'allowed');
    expect(allowed).toHaveLength(100 / 4);
    expect(allowed.every((outcome) => outcome.kind === 'allowed' && outcome.via === 'owner')).toBe(true);
    stage.server.resume();
  });

  it('a credential whose end has passed is denied', async () => {
    const key = await stage.cachedKey();
    await stage.server.kill();
    expect(await stage.node.decide(queryFor(key, { notAfterMs: Date.now() - 1 }))).toMatchObject({ denial: 'ended' });
  });

  it('a revoked key is denied by its owner', async () => {
    const key = await stage.cachedKey();
    await stage.server.kill();
    await stage.revoke(key);
    expect(await checkKey(stage.node, key)).toMatchObject({ kind: 'denied', denial: 'not active', via: 'owner' });
  });

  it('caches are in use again soon after it is back', async () => {
    const key = await stage.cachedKey();
    await stage.server.restart();
    await eventually(async () => {
      await stage.renew();
      expect(await checkKey(stage.node, key)).toMatchObject({ kind: 'allowed', via: 'cache' });
    });
  });
});

describe('asks of owners', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open({ leaseMs: 5_000 });
  });
  afterEach(() => stage.close());

  const node = (owners: SubjectReader, waitingMax = 10_000) =>
    new RedisLiveAccess({
      redis: stage.redis,
      owners,
      nodesMax: 1,
      timing: { ...stage.timing, askTimeoutMs: 200 },
      asks: { callsMax: 1, itemsPerCallMax: 500, waitingMax },
    });

  it('those of one turn of the event loop go in one call per owner', async () => {
    const keys = await Promise.all(Array.from({ length: 16 }, () => stage.newKey()));
    const calls: string[] = [];
    const asking = node({ read: (owner, refs) => (calls.push(owner), stage.owners.reader.read(owner, refs)) });
    await Promise.all(keys.map((key) => checkKey(asking, key)));
    expect(calls.sort()).toEqual(['identity', 'identity', 'issuance']);
  });

  it('what comes on top of the bound is unavailable at once', async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, () => stage.newKey()));
    const never = node({ read: () => new Promise(() => undefined) }, 3);
    const outcomes = await Promise.all(keys.map((key) => checkKey(never, key)));
    expect(outcomes.every(({ kind }) => kind === 'unavailable')).toBe(true);
  });

  it('an owner that fails, or leaves a subject out, makes the check unavailable', async () => {
    const key = await stage.newKey();
    expect(await checkKey(node({ read: () => Promise.reject(new AppError('service.unavailable')) }), key)).toEqual({
      kind: 'unavailable',
    });
    expect(await checkKey(node({ read: () => Promise.resolve([]) }), key)).toEqual({ kind: 'unavailable' });
  });
});

describe('checks of one turn of the event loop', () => {
  it('go in one script call, and an error of one of them leaves the others alone', async () => {
    const stage = await Stage.open({ leaseMs: 5_000 });
    try {
      const keys = [await stage.cachedKey(), await stage.cachedKey(), await stage.cachedKey()];
      await stage.redis.sadd(`{p0}:window:${keys[1] ?? ''}`, 'not a window');
      await stage.redis.config('RESETSTAT');
      const outcomes = await Promise.all(
        keys.map((key) => stage.node.decide(queryFor(key, { windows: [minute(100)] }))),
      );
      expect(await stage.redis.info('commandstats')).toContain('cmdstat_evalsha:calls=1,');
      expect(outcomes.map((outcome) => outcome.kind === 'allowed' && outcome.via)).toEqual(['cache', 'owner', 'cache']);
      expect(await checkKey(stage.node, keys[0] ?? '')).toMatchObject({ kind: 'allowed', via: 'cache' });
    } finally {
      await stage.close();
    }
  });
});
