import { setTimeout as pause } from 'node:timers/promises';
import {
  ofEachOwner,
  SUBJECT_OWNERS,
  type SubjectOwner,
  type SubjectReader,
  type SubjectRef,
  type SubjectSnapshot,
  type Verdict,
} from '@latchkey/contracts';
import { AppError, systemClock, type Clock } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import { Basis } from '../basis';
import { LiveStateCounters } from '../counters';
import type { LiveAccess, LiveQuery, Outcome, Via } from '../live-access';
import type { AskLimits } from '../ask-queue';
import { OwnerAsks } from '../owner-asks';
import { RenewalSession } from '../postgres/renewal-session';
import { ALL_SAFEGUARDS, type Safeguards } from '../safeguards';
import type { ChangedSubject, Settlement } from '../subject-changes';
import { liveStateTiming, type LiveStateTiming } from '../timing';
import { SlidingWindows } from '../windows/sliding-windows';
import type { ExclusiveLease } from './exclusive-lease';
import { MemoryEntries } from './memory-entries';
import { MemoryRenewer } from './memory-renewer';

export interface MemoryLiveStateOptions {
  readonly owners: SubjectReader;
  /** Each owner's own schema, with `liveStateMigrations`. */
  readonly dataSources: Readonly<Record<SubjectOwner, DataSource>>;
  readonly lease: Pick<ExclusiveLease, 'held' | 'soleInMs'>;
  /** Bodies that are kept, of about 1 KB each. Default 100,000; what is forgotten is asked for again. */
  readonly entriesMax?: number;
  readonly asks?: AskLimits;
  readonly timing?: LiveStateTiming;
  readonly counters?: LiveStateCounters;
  readonly clock?: Clock;
  readonly safeguards?: Safeguards;
  /** Told whenever an owner's pending rows could not be read. */
  readonly onError?: (error: unknown) => void;
}

/** A key's subjects are known in two steps. */
const ROUNDS_MAX = 8;

/**
 * Live state of the one process that serves everything on a database, owners and enforcement alike (rule 9). Until it is started,
 * owners are asked for everything.
 */
export class MemoryLiveState implements LiveAccess, Settlement {
  readonly counters: LiveStateCounters;
  readonly #entries: MemoryEntries;
  readonly #renewers: Readonly<Record<SubjectOwner, MemoryRenewer>>;
  readonly #windows = new SlidingWindows();
  readonly #asks: OwnerAsks;
  readonly #clock: Clock;

  constructor(private readonly options: MemoryLiveStateOptions) {
    const { owners, dataSources, timing = liveStateTiming(), safeguards = ALL_SAFEGUARDS } = options;
    this.counters = options.counters ?? new LiveStateCounters();
    this.#entries = new MemoryEntries(options.entriesMax ?? 100_000);
    this.#asks = new OwnerAsks(owners, timing.askTimeoutMs, this.counters, safeguards, options.asks);
    this.#clock = options.clock ?? systemClock;
    const renewerOf = (owner: SubjectOwner) =>
      new MemoryRenewer({
        entries: this.#entries,
        openRecords: () => RenewalSession.open(dataSources[owner], timing),
        timing,
        safeguards,
        onError: options.onError ?? (() => undefined),
      });
    this.#renewers = ofEachOwner(renewerOf);
  }

  start(): void {
    for (const renewer of Object.values(this.#renewers)) renewer.start();
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#renewers).map((renewer) => renewer.stop()));
  }

  async decide<Denial>(query: LiveQuery<Denial>): Promise<Outcome<Denial>> {
    const basis = new Basis(query);
    let via: Via = 'memory';
    for (let round = 0; round < ROUNDS_MAX && this.options.lease.held(); round++) {
      const verdict = basis.verdict((ref) => this.#recall(ref));
      if (verdict.kind !== 'needs') {
        if (via === 'memory') this.counters.hits++;
        return this.#conclude(basis, verdict, via);
      }
      via = 'owner';
      if (!(await this.#ask(basis, verdict.subjects))) break;
    }
    this.counters.unavailable++;
    return { kind: 'unavailable' };
  }

  /** @throws AppError `service.unavailable`: the lock is lost; whether another process still goes by what was before is not known */
  async settle(changed: readonly ChangedSubject[]): Promise<void> {
    const older = changed.filter(({ version }) => version > 1);
    if (older.length === 0) return;
    for (const subject of older) this.#entries.invalidate(subject, subject.version);
    const soleInMs = this.options.lease.soleInMs();
    if (soleInMs > 0) await pause(soleInMs);
    if (!this.options.lease.held())
      throw new AppError('service.unavailable', { internal: 'the lock on the database is lost' });
  }

  #recall(ref: SubjectRef): SubjectSnapshot | undefined {
    return this.#renewers[SUBJECT_OWNERS[ref.kind]].valid() ? this.#entries.get(ref) : undefined;
  }

  async #ask<Denial>(basis: Basis<Denial>, refs: readonly SubjectRef[]): Promise<boolean> {
    const beforeAsk = this.#entries.beforeAsk();
    // While a former holder may still acknowledge changes, which this process does not hear of, nothing is kept.
    const sole = this.options.lease.soleInMs() === 0;
    try {
      const snapshots = await Promise.all(refs.map((ref) => this.#asks.ask(ref)));
      for (const snapshot of snapshots) {
        basis.prove(snapshot);
        if (sole && snapshot.body !== null) this.#count(this.#entries.fill(snapshot, beforeAsk));
      }
      return true;
    } catch {
      return false;
    }
  }

  #count(filled: boolean): void {
    if (filled) this.counters.fills++;
    else this.counters.fillsRefused++;
  }

  #conclude<Denial>(
    basis: Basis<Denial>,
    verdict: Exclude<Verdict<Denial>, { kind: 'needs' }>,
    via: Via,
  ): Outcome<Denial> {
    const nowMs = this.#clock.now().getTime();
    const seen = { nowMs, via, subjects: basis.subjects() };
    if (verdict.kind === 'deny') return { kind: 'denied', denial: verdict.denial, ...seen };
    if (verdict.notAfterMs !== null && verdict.notAfterMs <= nowMs)
      return { kind: 'denied', denial: verdict.ended, ...seen };
    const { allowed, windows, retryAfterMs } = this.#windows.consume(
      verdict.windowKey,
      verdict.windows,
      verdict.cost,
      nowMs,
    );
    return allowed ? { kind: 'allowed', windows, ...seen } : { kind: 'limited', windows, retryAfterMs, ...seen };
  }
}
