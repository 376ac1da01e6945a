import { ofEachOwner, OWNERS, SUBJECT_OWNERS, type SubjectOwner, type SubjectReader } from '@latchkey/contracts';
import {
  eventually,
  startRedis,
  startTcpProxy,
  type Random,
  type RedisProcess,
  type TcpProxy,
} from '@latchkey/testing';
import { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis, redisReady } from '../redis/connect-redis';
import { RedisLiveAccess } from '../redis/redis-live-access';
import { redisOwnerSide, type RedisOwnerSide } from '../redis/redis-owner-side';
import { ALL_SAFEGUARDS, type Safeguards } from '../safeguards';
import type { SubjectChange } from '../subject-changes';
import { liveStateTiming, type LiveStateTiming } from '../timing';
import { startOwners, type Owners } from './owners';

export const FAULTS = ['flush', 'kill', 'pause', 'cut off an owner', 'fail over'] as const;
export type Fault = (typeof FAULTS)[number];

const NODES = 3;

/**
 * Three enforcement nodes and three owners, each of their connections over a network of its own, and two Redis servers. At any time all
 * should be on the same one, and are not always.
 */
export class FaultWorld {
  readonly nodes: readonly RedisLiveAccess[];
  readonly #sides: Readonly<Record<SubjectOwner, RedisOwnerSide>>;
  #current = 0;

  private constructor(
    private readonly owners: Owners,
    private readonly servers: readonly [RedisProcess, RedisProcess],
    private readonly links: {
      readonly nodes: readonly TcpProxy[];
      readonly owners: Record<SubjectOwner, readonly TcpProxy[]>;
    },
    private readonly connections: readonly Redis[],
    sides: Readonly<Record<SubjectOwner, RedisOwnerSide>>,
    private readonly timing: LiveStateTiming,
    private readonly random: Random,
    safeguards: Safeguards,
  ) {
    this.#sides = sides;
    const reader = lateNowAndThen(owners.reader, timing.leaseMs, random);
    this.nodes = connections.map(
      (redis) => new RedisLiveAccess({ redis, owners: reader, nodesMax: NODES, timing, safeguards }),
    );
  }

  static async open(leaseMs: number, random: Random, safeguards: Safeguards = ALL_SAFEGUARDS): Promise<FaultWorld> {
    const timing = { ...liveStateTiming(leaseMs), commandTimeoutMs: leaseMs / 2, connectTimeoutMs: leaseMs };
    const owners = await startOwners();
    const servers = [await startRedis(), await startRedis()] as const;
    const link = () => startTcpProxy(servers[0].url);
    const links = {
      nodes: await Promise.all(Array.from({ length: NODES }, link)),
      owners: {
        issuance: await Promise.all([link(), link()]),
        identity: await Promise.all([link(), link()]),
        oauth: await Promise.all([link(), link()]),
      },
    };
    const connections = links.nodes.map(({ url }) => connectRedis(url, timing));
    await Promise.all(connections.map(redisReady));
    const side = (owner: SubjectOwner) => {
      const [settling, renewing] = links.owners[owner];
      const urls = { redisUrl: settling?.url ?? '', renewerUrl: renewing?.url ?? '' };
      return redisOwnerSide({ owner, dataSource: owners.dataSource(owner), ...urls, timing, safeguards });
    };
    const sides = ofEachOwner(side);
    for (const owner of OWNERS) sides[owner].renewer.start();
    return new FaultWorld(owners, [...servers], links, connections, sides, timing, random, safeguards);
  }

  /** Commits at the subject's owner. @returns settles what was committed */
  async write(...changes: readonly SubjectChange[]): Promise<() => Promise<void>> {
    const changed = await Promise.all(changes.map((change) => this.owners.write(change)));
    return async () => {
      const settle = (owner: SubjectOwner) =>
        this.#sides[owner].settlement.settle(changed.filter(({ kind }) => SUBJECT_OWNERS[kind] === owner));
      await Promise.all(OWNERS.map(settle));
    };
  }

  /** Does it, lets it last for up to three leases, and mends it. */
  async suffer(fault: Fault): Promise<void> {
    const lasts = () => pause(this.random.between(0.1, 3) * this.timing.leaseMs);
    switch (fault) {
      case 'flush':
        return flush(this.#server());
      case 'kill':
        await this.#server().kill();
        await lasts();
        return this.#server().restart();
      case 'pause':
        this.#server().pause();
        await lasts();
        return this.#server().resume();
      case 'cut off an owner': {
        const both = this.links.owners[this.random.pick(OWNERS)];
        const affected = this.random.chance(0.5) ? both : [this.random.pick(both)];
        const silently = this.random.chance(0.5);
        for (const link of affected)
          if (silently) link.stall();
          else link.cut();
        await lasts();
        for (const link of affected) link.restore();
        return;
      }
      case 'fail over':
        return this.#failOver();
    }
  }

  async close(): Promise<void> {
    await Promise.all(OWNERS.map((owner) => this.#sides[owner].close()));
    for (const redis of this.connections) redis.disconnect();
    const links = [...this.links.nodes, ...OWNERS.flatMap((owner) => this.links.owners[owner])];
    await Promise.all(links.map((link) => link.stop()));
    await Promise.all(this.servers.map((server) => server.stop()));
    await this.owners.stop();
  }

  /** To an empty server, or to one that has what it had when it was left. Everybody notices at a time of their own. */
  async #failOver(): Promise<void> {
    this.#current = 1 - this.#current;
    if (this.random.chance(0.7)) await flush(this.#server());
    const links = [...this.links.nodes, ...OWNERS.flatMap((owner) => this.links.owners[owner])];
    for (const link of this.random.shuffle(links)) {
      link.redirect(this.#server().url);
      if (this.random.chance(0.5)) await pause(this.random.between(0, 0.5) * this.timing.leaseMs);
    }
  }

  #server(): RedisProcess {
    return this.servers[this.#current === 0 ? 0 : 1];
  }
}

async function flush(server: RedisProcess): Promise<void> {
  const redis = new Redis(server.url);
  try {
    await eventually(() => redis.flushall());
  } finally {
    redis.disconnect();
  }
}

/** Some answers of owners take up to two leases, after they were read. */
const lateNowAndThen = (reader: SubjectReader, leaseMs: number, random: Random): SubjectReader => ({
  async read(owner, refs) {
    const snapshots = await reader.read(owner, refs);
    if (random.chance(0.05)) await pause(random.between(0, 2) * leaseMs);
    return snapshots;
  },
});
