import type { SubjectOwner } from '@latchkey/contracts';
import type { DataSource } from 'typeorm';
import { PostgresIncarnations } from '../postgres/postgres-incarnations';
import { RenewalSession } from '../postgres/renewal-session';
import { Renewer } from '../renewer';
import { ALL_SAFEGUARDS, type Safeguards } from '../safeguards';
import { DEFAULT_SHARDS } from '../shards';
import type { Settlement } from '../subject-changes';
import { liveStateTiming, type LiveStateTiming } from '../timing';
import { connectRedis } from './connect-redis';
import { RedisFences } from './redis-fences';
import { RedisSettlement } from './redis-settlement';

export interface RedisOwnerSideOptions {
  readonly owner: SubjectOwner;
  /** The owner's own schema, with `liveStateMigrations`. */
  readonly dataSource: DataSource;
  readonly redisUrl: string;
  /** Of the renewer's connection, where it takes another way. */
  readonly renewerUrl?: string;
  /** P of the installation. */
  readonly shards?: number;
  readonly timing?: LiveStateTiming;
  /** Told about every round of the renewer that failed, and every failure to connect. */
  readonly onError?: (error: unknown) => void;
  readonly safeguards?: Safeguards;
}

/** What a process of an owner runs: a connection that settles changes, and a renewer on connections of its own. */
export interface RedisOwnerSide {
  readonly settlement: Settlement;
  readonly renewer: Renewer;
  close(): Promise<void>;
}

/** The renewer is to be started. Redis need not be there: changes then answer after their wait. */
export function redisOwnerSide(options: RedisOwnerSideOptions): RedisOwnerSide {
  const { owner, dataSource, redisUrl, shards = DEFAULT_SHARDS, safeguards = ALL_SAFEGUARDS } = options;
  const timing = options.timing ?? liveStateTiming();
  const onError = options.onError ?? (() => undefined);
  const settling = connectRedis(redisUrl, timing, onError);
  const renewing = connectRedis(options.renewerUrl ?? redisUrl, timing, onError);
  const settlement = new RedisSettlement({
    fences: new RedisFences(settling, owner, timing, safeguards),
    incarnations: new PostgresIncarnations(dataSource),
    shards,
    timing,
  });
  const renewer = new Renewer({
    fences: new RedisFences(renewing, owner, timing, safeguards),
    openRecords: () => RenewalSession.open(dataSource, timing),
    shards,
    timing,
    safeguards,
    onError,
  });
  return {
    settlement,
    renewer,
    async close() {
      await renewer.stop();
      settling.disconnect();
      renewing.disconnect();
    },
  };
}
