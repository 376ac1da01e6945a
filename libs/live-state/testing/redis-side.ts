import type { SubjectOwner } from '@latchkey/contracts';
import type { Redis } from 'ioredis';
import { PostgresIncarnations } from '../postgres/postgres-incarnations';
import { RenewalSession } from '../postgres/renewal-session';
import { connectRedis, redisReady } from '../redis/connect-redis';
import { RedisFences } from '../redis/redis-fences';
import { RedisSettlement } from '../redis/redis-settlement';
import { Renewer } from '../renewer';
import { ALL_SAFEGUARDS, type Safeguards } from '../safeguards';
import type { LiveStateTiming } from '../timing';
import type { Owners } from './owners';

export interface OwnerOnRedis {
  readonly settlement: RedisSettlement;
  readonly renewer: Renewer;
  readonly connections: readonly Redis[];
  stop(): Promise<void>;
}

export interface OwnerOnRedisOptions {
  readonly owners: Owners;
  readonly owner: SubjectOwner;
  readonly redisUrl: string;
  /** Of the renewer's connection, when it is another one. */
  readonly renewerUrl?: string;
  readonly timing: LiveStateTiming;
  readonly shards?: number;
  readonly safeguards?: Safeguards;
}

/** An owner's service as live state sees it: a connection that settles, and a renewer on connections of its own. Not started. */
export async function ownerOnRedis(options: OwnerOnRedisOptions): Promise<OwnerOnRedis> {
  const { owners, owner, timing, shards = 1, safeguards = ALL_SAFEGUARDS } = options;
  const settling = connectRedis(options.redisUrl, timing);
  const renewing = connectRedis(options.renewerUrl ?? options.redisUrl, timing);
  await Promise.all([redisReady(settling), redisReady(renewing)]);
  const dataSource = owners.dataSource(owner);
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
  });
  return {
    settlement,
    renewer,
    connections: [settling, renewing],
    async stop() {
      await renewer.stop();
      settling.disconnect();
      renewing.disconnect();
    },
  };
}
