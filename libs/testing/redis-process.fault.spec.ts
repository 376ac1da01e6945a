import { Redis } from 'ioredis';
import { eventually } from './eventually';
import { startRedis, type RedisProcess } from './redis-process';

describe('a Redis of one’s own', () => {
  let redis: RedisProcess;
  let client: Redis;
  const open = async (persistent: boolean, password?: string) => {
    redis = await startRedis({ persistent, ...(password !== undefined && { password }) });
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

  it('comes back with its data when persistent, and lets nobody in without its password', async () => {
    await open(true, 'a "word" / with + signs');
    const stranger = new Redis(redis.port, '127.0.0.1', { lazyConnect: true });
    stranger.on('error', () => undefined);
    await expect(stranger.get('key')).rejects.toThrow('NOAUTH');
    stranger.disconnect();
    await redis.restart();
    await eventually(async () => expect(await client.get('key')).toBe('value'));
  });
});
