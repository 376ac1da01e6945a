import type { SubjectOwner } from '@latchkey/contracts';
import type { Secret } from '@latchkey/kernel';
import {
  connectRedis,
  PostgresIncarnations,
  RedisFences,
  RedisSettlement,
  RenewalSession,
  Renewer,
  type Settlement,
} from '@latchkey/live-state';
import type { Logger } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import type { Resources } from './resources';

export interface RedisOwnerOptions {
  readonly owner: SubjectOwner;
  readonly redisUrl: Secret;
  readonly dataSource: DataSource;
  readonly logger: Logger;
}

/**
 * The owner's side of live state in Redis: its fence is kept valid from now on. The renewer has a connection of its own, as it must not
 * queue behind anything.
 */
export function startRedisOwner(resources: Resources, options: RedisOwnerOptions): Settlement {
  const { owner, redisUrl, dataSource, logger } = options;
  const onError = (error: unknown) => logger.warn({ err: error, owner }, 'the fence was not renewed');
  const connect = () => resources.keep(connectRedis(redisUrl.reveal()), (redis) => redis.disconnect());
  const renewer = new Renewer({
    fences: new RedisFences(connect(), owner),
    openRecords: () => RenewalSession.open(dataSource),
    onError,
  });
  resources.keep(renewer, (running) => running.stop()).start();
  return new RedisSettlement({
    fences: new RedisFences(connect(), owner),
    incarnations: new PostgresIncarnations(dataSource),
  });
}
