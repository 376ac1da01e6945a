import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startRedis, type RedisProcess } from '@latchkey/testing';
import { Redis } from 'ioredis';

/** A window of a minute. */
const perMinute = (limit: number) => `${limit}/60000000,`;
const perSecond = (limit: number) => `${limit}/1000000,`;
const START_SECONDS = 1_790_000_000;

describe('windows in Redis, when its clock is set back', () => {
  let server: RedisProcess;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  const script = [
    'local now = tonumber(ARGV[1])',
    readFileSync(path.join(__dirname, 'windows.lua'), 'utf8'),
    'local _, wait_ms = consume(KEYS[1], ARGV[2], tonumber(ARGV[3]))',
    'return wait_ms or 0',
  ].join('\n');

  /** Whether `cost` passes at a time that the test chooses, in seconds after its start. */
  const passes = async (key: string, atSeconds: number, shape: string, cost: number): Promise<boolean> =>
    (await redis.eval(script, 1, key, (START_SECONDS + atSeconds) * 1_000_000, shape, cost)) === 0;

  it('calls that were counted count under new limits too', async () => {
    const former = perSecond(1_000) + perMinute(2_000);
    expect(await passes('a', 0, former, 1_000)).toBe(true);
    expect(await passes('a', 2, former, 500)).toBe(true);
    expect(await passes('a', -120, perMinute(1_600), 200)).toBe(false);
    expect(await passes('a', -120, perMinute(1_600), 100)).toBe(true);
  });

  it('a key whose calls had all left the window goes on passing', async () => {
    expect(await passes('b', 0, perMinute(5), 1)).toBe(true);
    // Refused, but laid out for the new limit.
    expect(await passes('b', 70, perMinute(7), 8)).toBe(false);
    expect(await passes('b', 50, perMinute(7), 1)).toBe(true);
  });
});
