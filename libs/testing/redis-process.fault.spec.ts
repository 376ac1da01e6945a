import { Redis } from 'ioredis';
import { eventually } from './eventually';
import { startRedis, type RedisProcess } from './redis-process';

describe('a Redis of one’s own', () => {
  let redis: RedisProcess;
  let client: Redis;
  const open = async (persistent: boolean) => {
    redis = await startRedis({ persistent });
    client = new Redis(redis.url, { retryStrategy: () => 20, commandTimeout: 200 });
    client.on('error', () => undefined);
    await client.set('key', 'value');
  };
  afterEach(async () => {
    client.disconnect();
    await redis.stop();
  });

  it('answers nothing while paused and goes on where it was', async () => {
    await open(false);
    redis.pause();
    await expect(client.get('key')).rejects.toThrow('timed out');
    redis.resume();
    await eventually(async () => expect(await client.get('key')).toBe('value'));
  });

  it('comes back empty on the same port after a crash', async () => {
    await open(false);
    const before = redis.pid;
    await redis.kill();
    await redis.restart();
    expect(redis.pid).not.toBe(before);
    await eventually(async () => expect(await client.get('key')).toBeNull());
  });

  it('comes back with its data when persistent', async () => {
    await open(true);
    await redis.restart();
    await eventually(async () => expect(await client.get('key')).toBe('value'));
  });
});
