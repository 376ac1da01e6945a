import {
  ofEachOwner,
  OWNERS,
  type KeySubject,
  type SubjectKind,
  type SubjectOwner,
  type SubjectReader,
} from '@latchkey/contracts';
import { eventually, startRedis, type RedisProcess } from '@latchkey/testing';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { Outcome } from '../live-access';
import { PostgresIncarnations } from '../postgres/postgres-incarnations';
import { RenewalSession } from '../postgres/renewal-session';
import { connectRedis, redisReady } from '../redis/connect-redis';
import { RedisFences } from '../redis/redis-fences';
import { RedisLiveAccess } from '../redis/redis-live-access';
import { RedisSettlement } from '../redis/redis-settlement';
import { Renewer } from '../renewer';
import { ALL_SAFEGUARDS, type Safeguards } from '../safeguards';
import type { SubjectChange } from '../subject-changes';
import { liveStateTiming, type LiveStateTiming } from '../timing';
import { Gate } from './gate';
import { keyBody } from './bodies';
import { startOwners, type Owners } from './owners';
import { queryFor, type Denial } from './query';

/**
 * Three owners, one Redis and one node, for scenes that are played step by step: no renewer runs by itself. Further servers, nodes and
 * renewers come on where a scene wants them.
 */
export class Stage {
  readonly node: RedisLiveAccess;
  /** Closed: a renewer waits between invalidating what is pending and setting its fence. */
  readonly beforeRenewal = new Gate();
  readonly #renewers: Readonly<Record<SubjectOwner, Renewer>>;
  readonly #ends: (() => unknown)[];

  private constructor(
    readonly owners: Owners,
    readonly server: RedisProcess,
    readonly redis: Redis,
    readonly timing: LiveStateTiming,
    readonly safeguards: Safeguards,
    ends: (() => unknown)[],
  ) {
    this.#ends = ends;
    this.node = this.addNode(redis);
    this.#renewers = ofEachOwner((owner) => this.addRenewer(owner, redis));
  }

  static async open(timing: Partial<LiveStateTiming> & { leaseMs: number }, off?: keyof Safeguards): Promise<Stage> {
    const safeguards: Safeguards = off === undefined ? ALL_SAFEGUARDS : { ...ALL_SAFEGUARDS, [off]: false };
    const all = { ...liveStateTiming(timing.leaseMs), commandTimeoutMs: 2_000, ...timing };
    const owners = await startOwners();
    const server = await startRedis();
    const redis = await connected(server, all);
    const stage = new Stage(owners, server, redis, all, safeguards, [() => owners.stop(), () => server.stop()]);
    stage.#ends.push(() => redis.disconnect());
    return stage;
  }

  async close(): Promise<void> {
    for (const end of this.#ends.toReversed()) await end();
  }

  /** Another, empty Redis. */
  async addServer(): Promise<{ server: RedisProcess; redis: Redis }> {
    const server = await startRedis();
    this.#ends.push(() => server.stop());
    const redis = await connected(server, this.timing);
    this.#ends.push(() => redis.disconnect());
    return { server, redis };
  }

  addNode(redis: Redis, owners: SubjectReader = this.owners.reader, fills?: readonly SubjectKind[]): RedisLiveAccess {
    const { timing, safeguards } = this;
    return new RedisLiveAccess({ redis, owners, nodesMax: 4, timing, safeguards, ...(fills && { fills }) });
  }

  addRenewer(owner: SubjectOwner, redis: Redis): Renewer {
    const fences = new RedisFences(redis, owner, this.timing, this.safeguards);
    const renewer = new Renewer({
      fences: {
        observe: (shard) => fences.observe(shard),
        invalidate: (...args) => fences.invalidate(...args),
        renew: async (...args) => {
          await this.beforeRenewal.pass();
          return fences.renew(...args);
        },
      },
      openRecords: () => RenewalSession.open(this.owners.dataSource(owner), this.timing),
      timing: this.timing,
      safeguards: this.safeguards,
    });
    this.#ends.push(() => renewer.stop());
    return renewer;
  }

  /** One round of each owner's renewer; of one alone, where it stands for all. */
  async renew(...owners: SubjectOwner[]): Promise<void> {
    const all: readonly SubjectOwner[] = this.safeguards.fencePerOwner ? OWNERS : ['issuance'];
    await Promise.all((owners.length > 0 ? owners : all).map((owner) => this.#renewers[owner].round()));
  }

  /** The renewers that the stage began with have gone, and their locks are free. */
  async endRenewers(): Promise<void> {
    await Promise.all(Object.values(this.#renewers).map((renewer) => renewer.stop()));
  }

  /** Commits and settles, through `redis`. Acknowledged when it resolves. */
  async change(owner: SubjectOwner, change: SubjectChange, redis: Redis): Promise<void> {
    const settlement = new RedisSettlement({
      fences: new RedisFences(redis, owner, this.timing, this.safeguards),
      incarnations: new PostgresIncarnations(this.owners.dataSource(owner)),
      timing: this.timing,
    });
    await settlement.settle([await this.owners.write(change)]);
  }

  revoke(keyId: string, redis: Redis = this.redis): Promise<void> {
    return this.change('issuance', { kind: 'key', id: keyId, body: keyBody({ status: 'revoked' }) }, redis);
  }

  /** A connection that has lost its server. */
  async cutOff(): Promise<Redis> {
    const redis = await connected(this.server, this.timing);
    redis.disconnect();
    return redis;
  }

  async newKey(changes: Partial<KeySubject> = {}): Promise<string> {
    const id = randomUUID();
    await this.owners.write({ kind: 'key', id, body: keyBody(changes) });
    return id;
  }

  /** A key that passes without its owner. */
  async cachedKey(): Promise<string> {
    const id = await this.newKey();
    await eventually(
      async () => {
        await this.renew();
        const outcome = await checkKey(this.node, id);
        if (outcome.kind !== 'allowed' || outcome.via !== 'cache') throw new Error('not cached yet');
      },
      { timeoutMs: 10_000 },
    );
    return id;
  }
}

export const checkKey = (node: RedisLiveAccess, id: string): Promise<Outcome<Denial>> => node.decide(queryFor(id));

async function connected(server: RedisProcess, timing: LiveStateTiming): Promise<Redis> {
  const redis = connectRedis(server.url, timing);
  await redisReady(redis);
  return redis;
}
