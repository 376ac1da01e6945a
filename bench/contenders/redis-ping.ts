import { Redis } from 'ioredis';
import type { Contender } from '../contender';
import { closedLoop } from '../load/closed-loop';
import type { World } from '../world';

/** One round trip to Redis from a Node process: this one. */
export async function redisPing(world: World): Promise<Contender> {
  const redis = new Redis(world.redisUrl);
  world.onEnd(() => redis.disconnect());
  return {
    name: 'redis-ping',
    title: 'PING of Redis by ioredis',
    pid: process.pid,
    load: (load) => closedLoop(load, async () => void (await redis.ping())),
  };
}
