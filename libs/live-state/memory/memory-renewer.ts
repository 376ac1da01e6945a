import type { RenewalRecords } from '../renewer';
import { Rounds } from '../rounds';
import type { Safeguards } from '../safeguards';
import type { LiveStateTiming } from '../timing';
import type { MemoryEntries } from './memory-entries';

/** An owner's pending rows, on a connection that also holds the lock of whoever may delete them. */
export type PendingRecords = Pick<RenewalRecords, 'lead' | 'pending' | 'forget' | 'close'>;

export interface MemoryRenewerOptions {
  readonly entries: Pick<MemoryEntries, 'invalidate' | 'clear'>;
  readonly openRecords: () => Promise<PendingRecords>;
  readonly timing: LiveStateTiming;
  readonly safeguards: Safeguards;
  /** Told about each round that failed; what is kept then lapses by itself. */
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps an owner's entries in memory valid (rules 4 and 9). A change whose COMMIT was never answered is settled by nobody, yet it may
 * stand: its pending row tells. Entries count until a lease after the clock was read, which was before the rows were.
 */
export class MemoryRenewer {
  readonly #rounds: Rounds;
  #records: PendingRecords | null = null;
  #leads = false;
  #validUntil = 0;

  constructor(private readonly options: MemoryRenewerOptions) {
    this.#rounds = new Rounds(options.timing.renewEveryMs, () => this.#attempt());
  }

  start(): void {
    this.#rounds.start();
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
    await this.#giveUp();
  }

  /** Whether what is kept of this owner counts. */
  valid(): boolean {
    return performance.now() < this.#validUntil;
  }

  /** One round by itself, for tests that take step after step. @throws when the rows could not be read or deleted */
  async round(): Promise<void> {
    const { entries, openRecords, safeguards, timing } = this.options;
    const records = (this.#records ??= await openRecords());
    if (!(await records.lead())) return;
    // Whoever led before may have deleted rows of changes that this process has not heard of.
    if (!this.#leads) entries.clear();
    this.#leads = true;
    const readAt = performance.now();
    const pending = safeguards.pendingRows ? await records.pending() : [];
    for (const row of pending) entries.invalidate(row, row.version);
    this.#validUntil = (safeguards.absoluteUntil ? readAt : performance.now()) + timing.leaseMs;
    await records.forget(pending);
  }

  async #attempt(): Promise<void> {
    try {
      await this.round();
    } catch (error) {
      this.options.onError(error);
      await this.#giveUp();
    }
  }

  async #giveUp(): Promise<void> {
    const records = this.#records;
    this.#records = null;
    this.#leads = false;
    await records?.close();
  }
}
