import { randomBytes } from 'node:crypto';
import type { LastRenewal, PendingRow } from './postgres/renewal-session';
import type { RedisFences, Sighting } from './redis/redis-fences';
import { Rounds } from './rounds';
import { ALL_SAFEGUARDS, type Safeguards } from './safeguards';
import { DEFAULT_SHARDS, shardsOf } from './shards';
import { liveStateTiming, type LiveStateTiming } from './timing';

/** The owner's Postgres, on a connection that also holds the leader's lock. */
export interface RenewalRecords {
  lead(): Promise<boolean>;
  pending(): Promise<readonly PendingRow[]>;
  forget(rows: readonly PendingRow[]): Promise<void>;
  lastRenewal(shard: number, waitMs: number): Promise<LastRenewal | null>;
  record(shard: number, incarnation: string): Promise<void>;
  close(): Promise<void>;
}

export interface RenewerOptions {
  /** On a Redis connection of its own: it must not queue behind anything. */
  readonly fences: Pick<RedisFences, 'observe' | 'invalidate' | 'renew'>;
  readonly openRecords: () => Promise<RenewalRecords>;
  readonly shards?: number;
  readonly timing?: LiveStateTiming;
  readonly safeguards?: Safeguards;
  /** Told about each round that failed; the fences then lapse by themselves. */
  readonly onError?: (error: unknown) => void;
}

/** `waiting`: a new incarnation must wait. `follower`: another process leads. */
export type RenewalRound = 'renewed' | 'waiting' | 'follower';

/**
 * Keeps an owner's fences valid (rule 4). One of an owner's processes leads; on any failure it gives the lead up with its connection,
 * so another process that reaches Redis may go on.
 */
export class Renewer {
  readonly #shards: readonly number[];
  readonly #timing: LiveStateTiming;
  readonly #safeguards: Safeguards;
  readonly #rounds: Rounds;
  #records: RenewalRecords | null = null;
  #renewedAt: number | null = null;

  constructor(private readonly options: RenewerOptions) {
    this.#shards = shardsOf(null, options.shards ?? DEFAULT_SHARDS);
    this.#timing = options.timing ?? liveStateTiming();
    this.#safeguards = options.safeguards ?? ALL_SAFEGUARDS;
    this.#rounds = new Rounds(this.#timing.renewEveryMs, () => this.#attempt());
  }

  start(): void {
    this.#rounds.start();
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
    await this.#giveUp();
  }

  /** Milliseconds since this process last renewed all fences; null: it never did, or does not lead. */
  leaseAgeMs(): number | null {
    return this.#renewedAt === null ? null : performance.now() - this.#renewedAt;
  }

  async #attempt(): Promise<void> {
    try {
      await this.round();
    } catch (error) {
      this.#renewedAt = null;
      this.options.onError?.(error);
      await this.#giveUp();
    }
  }

  /** One round by itself, for tests that take step after step. @throws when a fence could not be renewed */
  async round(): Promise<RenewalRound> {
    const records = (this.#records ??= await this.options.openRecords());
    if (!(await records.lead())) return 'follower';
    // First the clocks, then the rows: what is committed after a clock was read has until then plus L, and answers after 2 L.
    const sightings = await Promise.allSettled(this.#shards.map((shard) => this.options.fences.observe(shard)));
    const pending = this.#safeguards.pendingRows ? await records.pending() : [];
    const failures: unknown[] = [];
    const renewed = new Set<number>();
    for (const [shard, sighting] of sightings.entries()) {
      try {
        if (sighting.status === 'rejected') throw sighting.reason;
        if (await this.#renew(records, shard, sighting.value, pending)) renewed.add(shard);
      } catch (error) {
        failures.push(error);
      }
    }
    await records.forget(pending.filter((row) => this.#shardsOf(row).every((shard) => renewed.has(shard))));
    if (failures.length > 0) throw new AggregateError(failures, 'fences were not renewed');
    if (renewed.size < this.#shards.length) return 'waiting';
    this.#renewedAt = performance.now();
    return 'renewed';
  }

  /** False: a new incarnation must still wait. */
  async #renew(
    records: RenewalRecords,
    shard: number,
    sighting: Sighting,
    pending: readonly PendingRow[],
  ): Promise<boolean> {
    if (sighting.evictionPolicy !== 'noeviction') {
      throw new Error(`Redis may evict entries (maxmemory-policy ${sighting.evictionPolicy}): set noeviction`);
    }
    const incarnation = await this.#incarnation(records, shard, sighting);
    if (incarnation === null) return false;
    const changed = pending.filter((row) => this.#shardsOf(row).includes(shard));
    await this.options.fences.invalidate(shard, incarnation, changed);
    await records.record(shard, incarnation);
    if (!(await this.options.fences.renew(shard, incarnation, sighting)))
      throw new Error('the fence has changed meanwhile');
    return true;
  }

  /**
   * A fence of this very server that lapsed goes on, if no other has been set elsewhere since: its entries have missed nothing that
   * the pending rows do not hold. Anything else begins anew, once no node can find the last one valid any more.
   */
  async #incarnation(records: RenewalRecords, shard: number, { fence, runId }: Sighting): Promise<string | null> {
    const last = await records.lastRenewal(shard, this.#timing.newIncarnationWaitMs);
    const sameServer = fence?.runId === runId || !this.#safeguards.runId;
    const sameFence = fence?.incarnation === last?.incarnation || !this.#safeguards.recordedIncarnation;
    if (fence !== null && sameServer && sameFence) return fence.incarnation;
    const over = last === null || last.over || !this.#safeguards.waitOnNewIncarnation;
    return over ? randomBytes(8).toString('hex') : null;
  }

  #shardsOf(row: PendingRow): readonly number[] {
    return shardsOf(row.workspaceId, this.#shards.length);
  }

  async #giveUp(): Promise<void> {
    const records = this.#records;
    this.#records = null;
    await records?.close();
  }
}
