import { reach } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import type { PublishedEvent } from '../event-store';
import { databaseFailure } from '../postgres/database-failure';
import { LeaderLock } from './leader-lock';
import { toEnvelope, type OutgoingMessage, type Publisher } from './publisher';
import { DeposedError, RelayPositions } from './relay-positions';

/** Each is on. A test turns one off to show what it is for. */
export interface RelaySafeguards {
  /** What a leader writes checks its token, under a lock on the token's row. */
  readonly fencing: boolean;
  /** A leader looks at its lease in the same turn in which it publishes. */
  readonly lease: boolean;
}

export interface RelayOptions {
  readonly dataSource: DataSource;
  readonly publisher: Publisher;
  /** CloudEvents `source` of the service. */
  readonly source: string;
  /** One service publishes to one topic, so its positions have no gap there. */
  readonly topic: string;
  /** Events per transaction and per publish. Default 500. */
  readonly batchSize?: number;
  /** Between two looks at an empty outbox. Default 25 ms. */
  readonly idlePollMs?: number;
  /** A leader that is silent for so long is replaced. Default 5,000 ms. */
  readonly leaseMs?: number;
  /** Between two tries of a standby to lead. Default 500 ms. */
  readonly standbyPollMs?: number;
  /** How long `stop` goes on publishing what is committed. Default 5,000 ms. */
  readonly drainMs?: number;
  /** For the log. Called for each failed try; the relay goes on by itself. */
  readonly onError?: (error: Error) => void;
  readonly safeguards?: Partial<RelaySafeguards>;
}

export interface RelayHealth {
  readonly role: 'stopped' | 'standby' | 'leader';
  /** Tries that failed since the last that went well. */
  readonly failures: number;
  readonly lastError: string | null;
}

/** Kafka takes 1 MiB at once (`message.max.bytes`), and more would never be taken. */
const BATCH_BYTES_MAX = 512 * 1_024;
const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 5_000;

/**
 * Publishes a service's events: gives committed events gapless positions and publishes them in that order, at least once. Any number
 * of instances may run; one leads.
 *
 * A leader that lost its lock gives no position (token) and starts no publish (lease, token). A publish that was under way when it
 * was paused may still arrive late: then the same events arrive again, with the same positions, and a reader drops them.
 */
export class Relay {
  readonly #lock: LeaderLock;
  readonly #positions: RelayPositions;
  #loop: Promise<void> | null = null;
  #stopping = false;
  #wake: () => void = () => undefined;
  #health: RelayHealth = { role: 'stopped', failures: 0, lastError: null };

  constructor(private readonly options: RelayOptions) {
    const leaseMs = options.leaseMs ?? 5_000;
    this.#lock = new LeaderLock(options.dataSource, leaseMs);
    this.#positions = new RelayPositions(options.dataSource, {
      batchSize: options.batchSize ?? 500,
      leaseMs,
      fencing: options.safeguards?.fencing ?? true,
    });
  }

  start(): void {
    if (this.#loop) return;
    this.#stopping = false;
    this.#health = { role: 'standby', failures: 0, lastError: null };
    this.#loop = this.#run();
  }

  /** Publishes what is committed, if this instance leads and it takes no longer than `drainMs`; then gives the lock up. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#loop;
    this.#loop = null;
    this.#health = { ...this.#health, role: 'stopped' };
  }

  health(): RelayHealth {
    return this.#health;
  }

  /**
   * Events that are committed and not published yet.
   * @throws AppError `service.unavailable`
   */
  async lag(): Promise<number> {
    try {
      return await this.#positions.lag();
    } catch (error) {
      throw databaseFailure(error, 'reading the lag of the relay');
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopping) await this.#pause(await this.#turn());
    await this.#drain();
    await this.#lock.release();
  }

  /** @returns how long to wait before the next turn, in ms */
  async #turn(): Promise<number> {
    try {
      const token = await this.#lock.lead();
      if (token === null) {
        this.#health = { role: 'standby', failures: 0, lastError: null };
        return this.options.standbyPollMs ?? 500;
      }
      this.#health = { ...this.#health, role: 'leader' };
      const worked = await this.#work(token);
      this.#health = { role: 'leader', failures: 0, lastError: null };
      return worked ? 0 : (this.options.idlePollMs ?? 25);
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** @returns whether there was anything to do */
  async #work(token: bigint): Promise<boolean> {
    const progress = await this.#positions.progress(token);
    const last = progress.waiting ? await this.#positions.assign(token) : progress.lastPosition;
    if (last === progress.publishedUpto) return progress.waiting;
    await reach('relay.positions_given');

    const { messages, upto } = this.#batch(await this.#positions.after(progress.publishedUpto));
    if (upto === undefined) return progress.waiting;
    await reach('relay.batch_read');

    // A pause since the last statement shows on the clock, before anything is sent.
    if ((this.options.safeguards?.lease ?? true) && !this.#lock.held) throw new DeposedError();
    await this.options.publisher.publish(messages);
    await reach('relay.published');
    await this.#positions.published(token, upto);
    return true;
  }

  /** As many of the events as a broker takes at once; a single one always. */
  #batch(events: readonly PublishedEvent[]): { messages: readonly OutgoingMessage[]; upto?: bigint } {
    const { source, topic } = this.options;
    const messages: OutgoingMessage[] = [];
    let bytes = 0;
    for (const event of events) {
      const value = Buffer.from(JSON.stringify(toEnvelope(event, source)));
      bytes += value.length;
      if (bytes > BATCH_BYTES_MAX && messages.length > 0) break;
      messages.push({ topic, key: event.streamId, value });
    }
    const upto = events[messages.length - 1]?.position;
    return { messages, ...(upto !== undefined && { upto }) };
  }

  async #failed(error: unknown): Promise<number> {
    if (error instanceof DeposedError) {
      await this.#lock.release();
      this.#health = { ...this.#health, role: 'standby' };
      return 0;
    }
    if (!this.#lock.held) await this.#lock.release();
    const failure = databaseFailure(error, 'relaying events');
    const failures = this.#health.failures + 1;
    this.#health = { role: this.#lock.held ? 'leader' : 'standby', failures, lastError: failure.message };
    this.options.onError?.(failure);
    const backoffMs = Math.min(BACKOFF_FIRST_MS * 2 ** (failures - 1), BACKOFF_MAX_MS);
    return backoffMs * (0.5 + Math.random() / 2);
  }

  async #drain(): Promise<void> {
    const deadlineMs = performance.now() + (this.options.drainMs ?? 5_000);
    // Only as leader: to become one now would take the work from an instance that stays.
    while (this.#lock.held && this.#health.failures === 0 && performance.now() < deadlineMs) {
      if ((await this.#turn()) > 0) return;
    }
  }

  /** Ends early when the relay is stopped. */
  async #pause(ms: number): Promise<void> {
    if (ms === 0 || this.#stopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
