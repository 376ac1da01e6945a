import { dedicatedConnection } from '@latchkey/event-store';
import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { liveStateTiming, type LiveStateTiming } from '../timing';

export interface ExclusiveLeaseOptions {
  /** Any of the process's own; the lock is the whole database's. */
  readonly dataSource: DataSource;
  readonly timing?: LiveStateTiming;
  /** The lock is gone, so another process may have it: this one must end. Called once. */
  readonly onLost: (reason: Error) => void;
}

/** After so many leases without an answer the connection is taken for dead. */
const UNCONFIRMED_LEASES_MAX = 30;

/**
 * The right to be the only process on a database (rule 9): an advisory lock on a connection of its own, confirmed every third of a
 * lease. It is held until a lease after the last confirmation was asked for; another process that gets the lock lets two leases pass
 * before it acknowledges a change, so there is no moment at which a former holder accepts what the new one has revoked.
 */
export class ExclusiveLease {
  #heldUntil: number;
  #lost = false;
  #timer: NodeJS.Timeout | null = null;

  private constructor(
    private readonly client: Client,
    private readonly options: ExclusiveLeaseOptions,
    private readonly timing: LiveStateTiming,
    private readonly since: number,
  ) {
    this.#heldUntil = since + timing.leaseMs;
    client.on('error', (error) => this.#lose(error));
    client.on('end', () => this.#lose(new Error('the connection that held the lock has ended')));
    this.#confirmLater();
  }

  /** @returns null: another process holds the lock */
  static async take(options: ExclusiveLeaseOptions): Promise<ExclusiveLease | null> {
    const timing = options.timing ?? liveStateTiming();
    const client = await dedicatedConnection(options.dataSource, {
      role: 'exclusive-lease',
      statementTimeoutMs: Math.max(timing.leaseMs, timing.commandTimeoutMs),
      idleSessionTimeoutMs: 60 * timing.leaseMs,
    });
    const asked = performance.now();
    const { rows } = await client.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_lock(hashtextextended('live-state in memory', 0)) AS locked`,
    );
    if (rows[0]?.locked === true) return new ExclusiveLease(client, options, timing, asked);
    await client.end();
    return null;
  }

  held(): boolean {
    return !this.#lost && performance.now() < this.#heldUntil;
  }

  /** Milliseconds until no former holder can accept anything. */
  soleInMs(): number {
    return Math.max(0, this.since + this.timing.newIncarnationWaitMs - performance.now());
  }

  async release(): Promise<void> {
    this.#stop();
    await this.client.end().catch(() => undefined);
  }

  #confirmLater(): void {
    this.#timer = setTimeout(() => void this.#confirm(), this.timing.renewEveryMs);
  }

  async #confirm(): Promise<void> {
    const asked = performance.now();
    try {
      await this.client.query('SELECT 1');
      this.#heldUntil = asked + this.timing.leaseMs;
    } catch (cause) {
      // Postgres may be slow; while the connection stands, the lock is held. Till it is confirmed nothing is accepted.
      const unconfirmedMs = asked - this.#heldUntil;
      if (unconfirmedMs > UNCONFIRMED_LEASES_MAX * this.timing.leaseMs) {
        return this.#lose(new Error('the lock could not be confirmed', { cause }));
      }
    }
    if (!this.#lost) this.#confirmLater();
  }

  #lose(reason: Error): void {
    if (this.#lost) return;
    this.#stop();
    void this.client.end().catch(() => undefined);
    this.options.onLost(reason);
  }

  #stop(): void {
    this.#lost = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
