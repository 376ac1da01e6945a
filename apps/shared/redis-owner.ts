import type { SubjectOwner } from '@latchkey/contracts';
import type { Secret } from '@latchkey/kernel';
import { redisOwnerSide, type Settlement } from '@latchkey/live-state';
import type { Logger } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import { logCalmly } from './calm';
import type { Resources } from './resources';

export interface RedisOwnerOptions {
  readonly owner: SubjectOwner;
  readonly redisUrl: Secret;
  readonly dataSource: DataSource;
  readonly logger: Logger;
}

/** The owner's side of live state in Redis: its fence is kept valid from now on. */
export function startRedisOwner(resources: Resources, options: RedisOwnerOptions): Settlement {
  const { owner, redisUrl, dataSource, logger } = options;
  const side = redisOwnerSide({
    owner,
    dataSource,
    redisUrl: redisUrl.reveal(),
    onError: logCalmly(logger, 'warn', 'the fence was not renewed', { owner }),
  });
  resources.keep(side, (open) => open.close()).renewer.start();
  return side.settlement;
}
