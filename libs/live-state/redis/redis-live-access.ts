import { RecentlyUsed, systemClock, type Clock } from '@latchkey/kernel';
import { subjectName, type SubjectKind, type SubjectReader, type SubjectRef, type Verdict } from '@latchkey/contracts';
import { Basis } from '../basis';
import { LiveStateCounters } from '../counters';
import type { LiveAccess, LiveQuery, Outcome, Via } from '../live-access';
import type { AskLimits } from '../ask-queue';
import { OwnerAsks } from '../owner-asks';
import { ALL_SAFEGUARDS, type Safeguards } from '../safeguards';
import { DEFAULT_SHARDS, shardOf } from '../shards';
import { liveStateTiming, type LiveStateTiming } from '../timing';
import { SlidingWindows } from '../windows/sliding-windows';
import { CheckBatch, type CheckAnswer, type Count, type Finding, type Miss } from './check-batch';
import type { RedisClient } from './connect-redis';
import { Fills } from './fills';
import { parseEntry, type KnownEntry } from './known-entry';

export interface RedisLiveAccessOptions {
  readonly redis: RedisClient;
  readonly owners: SubjectReader;
  /** P of the installation. */
  readonly shards?: number;
  /** The greatest number of enforcement nodes; without Redis each admits its share of every limit. */
  readonly nodesMax: number;
  /** Parsed bodies that the node keeps, of about 1 KB each. Default 50,000; what is forgotten comes with one more script call. */
  readonly entriesMax?: number;
  /**
   * Kinds of which it fills in what their owners have answered; default all. Others ask each time that Redis does not have them. Whoever may fill
   * a kind in can have all others believe what it likes of it.
   */
  readonly fills?: readonly SubjectKind[];
  readonly asks?: AskLimits;
  readonly timing?: LiveStateTiming;
  readonly counters?: LiveStateCounters;
  readonly clock?: Clock;
  readonly safeguards?: Safeguards;
}

/** A key's subjects are known in two steps; more steps than this are a mistake in the rules or a storm of changes. */
const ROUNDS_MAX = 8;

type Allow<Denial> = Extract<Verdict<Denial>, { kind: 'allow' }>;

/** Live state in Redis, as an enforcement node sees it. */
export class RedisLiveAccess implements LiveAccess {
  readonly counters: LiveStateCounters;
  readonly #shards: readonly CheckBatch[];
  readonly #asks: OwnerAsks;
  readonly #fills: Fills;
  readonly #fillsIn: (kind: SubjectKind) => boolean;
  /** Bodies that this node has parsed, the latest of each subject. Never a basis by itself (rule 2). */
  readonly #known: RecentlyUsed<KnownEntry>;
  /** Used only while Redis cannot be reached. */
  readonly #share = new SlidingWindows();
  readonly #nodesMax: number;
  readonly #clock: Clock;
  readonly #retryRedisMs: number;
  #redisDownUntilMs = 0;

  constructor(options: RedisLiveAccessOptions) {
    const { redis, shards = DEFAULT_SHARDS, timing = liveStateTiming(), safeguards = ALL_SAFEGUARDS } = options;
    this.counters = options.counters ?? new LiveStateCounters();
    this.#shards = Array.from({ length: shards }, (_, shard) => new CheckBatch(redis, shard, safeguards));
    this.#asks = new OwnerAsks(options.owners, timing.askTimeoutMs, this.counters, safeguards, options.asks);
    this.#fills = new Fills(redis, timing, this.counters, safeguards);
    this.#fillsIn = (kind) => options.fills?.includes(kind) ?? true;
    this.#known = new RecentlyUsed(options.entriesMax ?? 50_000);
    this.#nodesMax = options.nodesMax;
    this.#clock = options.clock ?? systemClock;
    this.#retryRedisMs = timing.leaseMs / 2;
  }

  async decide<Denial>(query: LiveQuery<Denial>): Promise<Outcome<Denial>> {
    const shard = shardOf(query.workspaceId, this.#shards.length);
    const basis = new Basis(query);
    let via: Via = 'cache';
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const verdict = basis.verdict((ref) => this.#known.get(subjectName(ref))?.snapshot);
      const unproven = basis.unproven();
      if (verdict.kind === 'deny' && unproven.length === 0) return this.#denied(basis, verdict.denial, via);
      const answer = await this.#inRedis(shard, unproven, verdict);
      if (answer === null || answer.kind === 'failed') return this.#withoutRedis(basis);
      if (answer.kind !== 'stale') {
        if (via === 'cache') this.counters.hits++;
        return outcome(verdict, answer, basis, via);
      }
      const missed = this.#learn(basis, unproven, answer.findings);
      if (missed.length > 0) {
        via = 'owner';
        if (!(await this.#ask(basis, shard, missed))) return this.#unavailable();
      }
    }
    return this.#unavailable();
  }

  /** Null: Redis does not answer, now or a moment ago. */
  async #inRedis<Denial>(
    shard: number,
    unproven: readonly SubjectRef[],
    verdict: Verdict<Denial>,
  ): Promise<CheckAnswer | null> {
    const batch = this.#shards[shard];
    if (batch === undefined || performance.now() < this.#redisDownUntilMs) return null;
    const subjects = unproven.map((ref) => ({ ref, expected: this.#known.get(subjectName(ref))?.header ?? '' }));
    const count: Count | null = verdict.kind === 'allow' ? verdict : null;
    try {
      const answer = await batch.run({ subjects, count });
      if (answer.kind === 'failed') this.counters.redisFailures++;
      return answer;
    } catch {
      this.counters.redisFailures++;
      this.#redisDownUntilMs = performance.now() + this.#retryRedisMs;
      return null;
    }
  }

  /** Everything that Redis has just said is proven. What it does not know is returned. */
  #learn<Denial>(
    basis: Basis<Denial>,
    refs: readonly SubjectRef[],
    findings: readonly Finding[],
  ): readonly [SubjectRef, Miss][] {
    const missed: [SubjectRef, Miss][] = [];
    refs.forEach((ref, place) => {
      const finding = findings[place];
      if (finding === undefined) return;
      if (finding === 'current') {
        basis.confirm(ref);
      } else if ('entry' in finding) {
        const entry = parseEntry(ref, finding.entry);
        this.#known.put(subjectName(ref), entry);
        basis.prove(entry.snapshot);
      } else {
        missed.push([ref, finding.miss]);
      }
    });
    return missed;
  }

  async #ask<Denial>(basis: Basis<Denial>, shard: number, missed: readonly [SubjectRef, Miss][]): Promise<boolean> {
    try {
      await Promise.all(
        missed.map(async ([ref, miss]) => {
          const snapshot = await this.#asks.ask(ref);
          basis.prove(snapshot);
          if (this.#fillsIn(ref.kind)) this.#fills.put(shard, snapshot, miss);
        }),
      );
      return true;
    } catch {
      return false;
    }
  }

  /** The owners say what is true, the node's own windows admit its share, the host's clock says what has ended. */
  async #withoutRedis<Denial>(basis: Basis<Denial>): Promise<Outcome<Denial>> {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const verdict = basis.verdict(() => undefined);
      if (verdict.kind === 'deny') return this.#denied(basis, verdict.denial, 'owner');
      if (verdict.kind === 'allow') return this.#countShare(basis, verdict);
      try {
        const snapshots = await Promise.all(verdict.subjects.map((ref) => this.#asks.ask(ref)));
        for (const snapshot of snapshots) basis.prove(snapshot);
      } catch {
        return this.#unavailable();
      }
    }
    return this.#unavailable();
  }

  #countShare<Denial>(basis: Basis<Denial>, verdict: Allow<Denial>): Outcome<Denial> {
    const nowMs = this.#clock.now().getTime();
    const windows = verdict.windows.map((window) => ({ ...window, limit: Math.floor(window.limit / this.#nodesMax) }));
    const subjects = basis.subjects();
    if (verdict.notAfterMs !== null && verdict.notAfterMs <= nowMs) {
      return { kind: 'denied', denial: verdict.ended, nowMs, via: 'owner', subjects };
    }
    const consumed = this.#share.consume(verdict.windowKey, windows, verdict.cost, nowMs);
    const { windows: states, retryAfterMs } = consumed;
    if (consumed.allowed) return { kind: 'allowed', windows: states, nowMs, via: 'owner', subjects };
    return { kind: 'limited', windows: states, retryAfterMs, nowMs, via: 'owner', subjects };
  }

  #denied<Denial>(basis: Basis<Denial>, denial: Denial, via: Via): Outcome<Denial> {
    return { kind: 'denied', denial, nowMs: this.#clock.now().getTime(), via, subjects: basis.subjects() };
  }

  #unavailable<Denial>(): Outcome<Denial> {
    this.counters.unavailable++;
    return { kind: 'unavailable' };
  }
}

function outcome<Denial>(
  verdict: Verdict<Denial>,
  answer: Exclude<CheckAnswer, { kind: 'stale' | 'failed' }>,
  basis: Basis<Denial>,
  via: Via,
): Outcome<Denial> {
  const seen = { nowMs: answer.nowMs, via, subjects: basis.subjects() };
  switch (verdict.kind) {
    case 'deny':
      return { kind: 'denied', denial: verdict.denial, ...seen };
    case 'allow':
      if (answer.kind === 'ended') return { kind: 'denied', denial: verdict.ended, ...seen };
      if (answer.kind === 'limited')
        return { kind: 'limited', windows: answer.windows, retryAfterMs: answer.retryAfterMs, ...seen };
      return { kind: 'allowed', windows: answer.windows, ...seen };
    case 'needs':
      // A subject without a known header never is as expected, so Redis has said `stale`.
      throw new Error('an undecided check cannot be confirmed');
  }
}
