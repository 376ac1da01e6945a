import { dedicatedConnection } from '@latchkey/event-store';
import { AppError, reach } from '@latchkey/kernel';
import type { Client } from 'pg';
import { attempt, Backoff } from '../attempt';
import type { SubscribeOptions, Subscription } from '../event-bus';
import { keepReading } from '../keep-reading';
import { Bell } from './bell';
import type { PostgresEventBusOptions } from './postgres-event-bus';
import type { PostgresTopics } from './postgres-topics';

const BATCH = 100;
const STATEMENT_TIMEOUT_MS = 10_000;

/** Channels belong to the database, not to a schema. */
const CHANNEL = `'event_bus.' || current_schema`;
/** To be run in the transaction that publishes: the announcement goes out with the commit. */
export const NOTIFY = `SELECT pg_notify(${CHANNEL}, '')`;

interface Waiting {
  readonly topic: string;
  readonly partition: number;
}

interface MessageRow {
  readonly place: string;
  readonly key: string;
  readonly value: Buffer;
}

/**
 * One member of a group, on a connection of its own. It reads a partition while it holds that partition's advisory lock. The lock
 * belongs to the session, so the server frees it when the process dies, and no transaction stays open while a message is handled.
 */
export class PostgresSubscription implements Subscription {
  readonly #closing = new AbortController();
  readonly #bell = new Bell();
  readonly #backoff = new Backoff();
  /** Partitions whose message failed, with the time (`performance.now()`) from which it may be tried again. */
  readonly #notBefore = new Map<string, number>();
  readonly #reading: Promise<void>;

  constructor(
    private readonly options: PostgresEventBusOptions,
    private readonly topics: PostgresTopics,
    private readonly subscription: SubscribeOptions,
  ) {
    const failed = (err: unknown) =>
      options.log.warn({ group: subscription.group, err }, 'reading failed, beginning again');
    this.#reading = keepReading(this.#closing.signal, () => this.read(), failed);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#bell.ring();
    await this.#reading;
  }

  private async read(): Promise<void> {
    const { signal } = this.#closing;
    await this.topics.ensure(this.subscription.topics);
    const client = await this.connect();
    try {
      await this.join(client);
      while (!signal.aborted) {
        let read = false;
        for (const waiting of await this.waiting(client)) {
          if (!signal.aborted && this.isDue(waiting)) read = (await this.readPartition(client, waiting)) || read;
        }
        if (!read) await this.#bell.wait(this.idleMs());
      }
    } finally {
      await client.end();
    }
  }

  private async connect(): Promise<Client> {
    return dedicatedConnection(this.options.dataSource, {
      role: 'subscription',
      // A slow handler lets the session idle for as long as it takes.
      idleSessionTimeoutMs: 0,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    });
  }

  private async join(client: Client): Promise<void> {
    const { group, topics } = this.subscription;
    // A place that is lost in a crash of the server only makes messages come again.
    await client.query('SET synchronous_commit = off');
    client.on('notification', () => this.#bell.ring()).on('end', () => this.#bell.ring());
    const { rows } = await client.query<{ channel: string }>(`SELECT ${CHANNEL} AS channel`);
    for (const { channel } of rows) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    await client.query(
      `INSERT INTO group_places (group_name, topic, partition)
         SELECT $1, topic, partition FROM partitions WHERE topic = ANY($2) ORDER BY 2, 3 ON CONFLICT DO NOTHING`,
      [group, topics],
    );
  }

  /** Until the next poll, or until the first partition may be tried again. */
  private idleMs(): number {
    const now = performance.now();
    const due = [...this.#notBefore.values()].filter((time) => time > now).map((time) => time - now);
    return Math.min(this.options.pollMs ?? 1_000, ...due);
  }

  private async waiting(client: Client): Promise<readonly Waiting[]> {
    const { rows } = await client.query<Waiting>(
      `SELECT topic, partition FROM group_places AS read JOIN partitions AS written USING (topic, partition)
       WHERE read.group_name = $1 AND topic = ANY($2) AND read.next_place < written.next_place`,
      [this.subscription.group, this.subscription.topics],
    );
    return rows;
  }

  private isDue({ topic, partition }: Waiting): boolean {
    return performance.now() >= (this.#notBefore.get(`${topic}/${partition}`) ?? 0);
  }

  /** @returns whether it was this member that could read the partition */
  private async readPartition(client: Client, { topic, partition }: Waiting): Promise<boolean> {
    const lock = [this.subscription.group, topic, partition];
    const name = `hashtextextended(concat_ws('/', current_schema, $1::text, $2::text, $3::integer), 0)`;
    const { rows } = await client.query<{ mine: boolean }>(`SELECT pg_try_advisory_lock(${name}) AS mine`, lock);
    if (rows[0]?.mine !== true) return false;
    await this.readBatch(client, topic, partition);
    await client.query(`SELECT pg_advisory_unlock(${name})`, lock);
    return true;
  }

  private async readBatch(client: Client, topic: string, partition: number): Promise<void> {
    const at = `${topic}/${partition}`;
    const { rows } = await client.query<MessageRow>(
      `SELECT place, key, value FROM messages
       WHERE topic = $2 AND partition = $3
         AND place >= (SELECT next_place FROM group_places WHERE group_name = $1 AND topic = $2 AND partition = $3)
       ORDER BY place LIMIT ${BATCH}`,
      [this.subscription.group, topic, partition],
    );
    for (const { place, key, value } of rows) {
      if (this.#closing.signal.aborted) return;
      const message = { topic, partition, offset: place, key, value };
      if (!(await attempt(message, this.subscription, this.options.log))) {
        this.#notBefore.set(at, performance.now() + this.#backoff.failed(at));
        return;
      }
      this.#backoff.succeeded(at);
      this.#notBefore.delete(at);
      await reach('checkpoint.before');
      await this.keepPlace(client, topic, partition, BigInt(place));
    }
  }

  private async keepPlace(client: Client, topic: string, partition: number, read: bigint): Promise<void> {
    const { rowCount } = await client.query(
      `UPDATE group_places SET next_place = $4::bigint + 1
       WHERE group_name = $1 AND topic = $2 AND partition = $3 AND next_place = $4`,
      [this.subscription.group, topic, partition, read.toString()],
    );
    if (rowCount !== 1)
      throw new AppError('service.internal', { internal: `${topic}/${partition}: another member moved the place` });
  }
}
