import { ofEachOwner, SUBJECT_OWNERS, type SubjectOwner } from '@latchkey/contracts';
import { eventually, startRedis } from '@latchkey/testing';
import { liveStateContract } from '../live-state.contract';
import { USER, WORKSPACE } from '../testing/bodies';
import { startOwners } from '../testing/owners';
import { checkKey, Stage } from '../testing/stage';
import { liveStateTiming } from '../timing';
import { connectRedis, redisReady } from './connect-redis';
import { RedisLiveAccess } from './redis-live-access';
import { redisOwnerSide } from './redis-owner-side';

for (const shards of [1, 3]) {
  liveStateContract(`on Redis, ${shards} shards`, async () => {
    const owners = await startOwners();
    const redis = await startRedis();
    const timing = { ...liveStateTiming(600), commandTimeoutMs: 2_000 };
    const side = (owner: SubjectOwner) =>
      redisOwnerSide({ owner, dataSource: owners.dataSource(owner), redisUrl: redis.url, timing, shards });
    const sides = ofEachOwner(side);
    for (const side of Object.values(sides)) side.renewer.start();
    const connection = connectRedis(redis.url, timing);
    await redisReady(connection);
    let silent = false;
    const access = new RedisLiveAccess({
      redis: connection,
      shards,
      nodesMax: 4,
      timing,
      owners: {
        read: (owner, refs) => (silent ? Promise.reject(new Error('stopped')) : owners.reader.read(owner, refs)),
      },
    });
    return {
      access,
      via: 'cache',
      change: async (change) => sides[SUBJECT_OWNERS[change.kind]].settlement.settle([await owners.write(change)]),
      stopOwners: () => void (silent = true),
      startOwners: () => void (silent = false),
      async stop() {
        connection.disconnect();
        await Promise.all(Object.values(sides).map((side) => side.close()));
        await owners.stop();
        await redis.stop();
      },
    };
  });
}

it('who fills in some kinds alone asks for the others, until somebody else has filled them in', async () => {
  const stage = await Stage.open({ leaseMs: 10_000 });
  try {
    await stage.renew();
    const node = stage.addNode(stage.redis, stage.owners.reader, ['key']);
    const key = await stage.newKey();
    const entries = [`{p0}:key:${key}`, `{p0}:user:${USER}`, `{p0}:workspace:${WORKSPACE}`];
    const filled = () => Promise.all(entries.map((entry) => stage.redis.exists(entry)));
    for (let time = 0; time < 3; time += 1)
      expect(await checkKey(node, key)).toMatchObject({ kind: 'allowed', via: 'owner' });
    await eventually(async () => expect(await filled()).toEqual([1, 0, 0]));
    await checkKey(stage.node, key);
    await eventually(async () => expect(await checkKey(node, key)).toMatchObject({ kind: 'allowed', via: 'cache' }));
    expect(await filled()).toEqual([1, 1, 1]);
  } finally {
    await stage.close();
  }
});
