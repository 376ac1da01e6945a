import { Redis, type Cluster } from 'ioredis';
import { liveStateTiming, type LiveStateTiming } from '../timing';

/** Scripts name all their keys, and all of one call have one hash tag: a cluster serves as well. */
export type RedisClient = Redis | Cluster;

/**
 * A connection that says at once when it cannot: nothing is queued, resent or tried again, as a late command would be answered out
 * of a state that is no longer the caller's (rule 10). It reconnects by itself.
 *
 * @param onError told about every failure to connect; without it they are dropped, as each command fails by itself
 */
export function connectRedis(
  url: string,
  timing: Pick<LiveStateTiming, 'commandTimeoutMs' | 'connectTimeoutMs'> = liveStateTiming(),
  onError: (error: Error) => void = () => undefined,
): Redis {
  const redis = new Redis(url, {
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: timing.commandTimeoutMs,
    connectTimeout: timing.connectTimeoutMs,
    // A peer that is gone without a word is noticed by its silence
    socketTimeout: 4 * timing.commandTimeoutMs,
    retryStrategy: (attempt) => Math.min(50 * attempt, 500),
  });
  redis.on('error', onError);
  return redis;
}

/** Resolves when commands can be sent. */
export const redisReady = (redis: Redis): Promise<void> =>
  redis.status === 'ready' ? Promise.resolve() : new Promise((resolve) => void redis.once('ready', () => resolve()));
