import { databaseFailure } from '@latchkey/event-store';
import { AppError } from '@latchkey/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import type { BusLog, BusMessage, EventBus, SubscribeOptions, Subscription } from '../event-bus';
import { Forgetting } from './forgetting';
import { NOTIFY, PostgresSubscription } from './postgres-subscription';
import { PostgresTopics } from './postgres-topics';

export interface PostgresEventBusOptions {
  /** A schema of the bus's own, with `eventBusMigrations`. Each subscription takes one further connection beside this pool. */
  readonly dataSource: DataSource;
  readonly log: BusLog;
  /** Of topics that do not exist yet. Default 6. */
  readonly partitions?: number;
  /** Messages are announced by the server at once; this is for when an announcement was lost. Default 1 s. */
  readonly pollMs?: number;
  /**
   * Topics whose messages are deleted when they are an hour old and every group that reads them has them. A group that is new later does
   * not get them. Default: none.
   */
  readonly forgets?: readonly string[];
}

interface Placed extends BusMessage {
  readonly partition: number;
  readonly place: bigint;
}

interface PartitionRow {
  readonly topic: string;
  readonly partition: number;
  readonly next_place: string;
}

/** The event bus on Postgres, for an installation that has no Kafka. */
export class PostgresEventBus implements EventBus {
  readonly #topics: PostgresTopics;
  readonly #subscriptions: PostgresSubscription[] = [];
  readonly #publishing = new Set<Promise<void>>();
  readonly #forgetting: Forgetting | undefined;
  #closed = false;

  constructor(private readonly options: PostgresEventBusOptions) {
    this.#topics = new PostgresTopics(options.dataSource, options.partitions ?? 6);
    const { dataSource, log, forgets: topics = [] } = options;
    if (topics.length > 0) this.#forgetting = new Forgetting({ dataSource, log, topics });
  }

  async publish(messages: readonly BusMessage[]): Promise<void> {
    if (messages.length === 0) return;
    if (this.#closed) throw new AppError('service.unavailable', { internal: 'the event bus is closed' });
    const publishing = this.append(messages);
    this.#publishing.add(publishing);
    try {
      await publishing;
    } catch (error) {
      const cause = databaseFailure(error, `publishing ${messages.length} messages`);
      throw new AppError('service.unavailable', { internal: cause.message, cause });
    } finally {
      this.#publishing.delete(publishing);
    }
  }

  subscribe(options: SubscribeOptions): Promise<Subscription> {
    const subscription = new PostgresSubscription(this.options, this.#topics, options);
    this.#subscriptions.push(subscription);
    return Promise.resolve(subscription);
  }

  /** Leaves the data source open: it belongs to whoever made it. */
  async close(): Promise<void> {
    this.#forgetting?.stop();
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close()));
    this.#closed = true;
    await Promise.allSettled(this.#publishing);
  }

  private async append(messages: readonly BusMessage[]): Promise<void> {
    await this.#topics.ensure(messages.map(({ topic }) => topic));
    const addressed = messages.map((message) => ({
      ...message,
      partition: this.#topics.partitionOf(message.topic, message.key),
    }));
    await this.options.dataSource.transaction(async (tx) => {
      const placed = placeBehind(await lockPartitions(tx, addressed), addressed);
      await insert(tx, placed);
      await movePartitions(tx, placed);
      await tx.query(NOTIFY);
    });
  }
}

type Addressed = Omit<Placed, 'place'>;

const placeName = ({ topic, partition }: { topic: string; partition: number }) => `${topic}/${partition}`;

/** In one order everywhere, so that two publishers cannot wait for each other. */
const lockPartitions = (tx: EntityManager, messages: readonly Addressed[]): Promise<readonly PartitionRow[]> =>
  tx.query<PartitionRow[]>(
    `SELECT topic, partition, next_place FROM partitions
     WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::integer[]))
     ORDER BY topic, partition FOR UPDATE`,
    [messages.map(({ topic }) => topic), messages.map(({ partition }) => partition)],
  );

function placeBehind(partitions: readonly PartitionRow[], messages: readonly Addressed[]): Placed[] {
  const next = new Map(partitions.map((row) => [placeName(row), BigInt(row.next_place)]));
  return messages.map((message) => {
    const place = next.get(placeName(message)) ?? 0n;
    next.set(placeName(message), place + 1n);
    return { ...message, place };
  });
}

async function insert(tx: EntityManager, placed: readonly Placed[]): Promise<void> {
  await tx.query(
    `INSERT INTO messages (topic, partition, place, key, value)
       SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::text[], $5::bytea[])`,
    [
      placed.map(({ topic }) => topic),
      placed.map(({ partition }) => partition),
      placed.map(({ place }) => place.toString()),
      placed.map(({ key }) => key),
      placed.map(({ value }) => value),
    ],
  );
}

async function movePartitions(tx: EntityManager, placed: readonly Placed[]): Promise<void> {
  await tx.query(
    `UPDATE partitions SET next_place = moved.next_place
     FROM (SELECT topic, partition, max(place) + 1 AS next_place
           FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS placed (topic, partition, place)
           GROUP BY topic, partition) AS moved
     WHERE (partitions.topic, partitions.partition) = (moved.topic, moved.partition)`,
    [
      placed.map(({ topic }) => topic),
      placed.map(({ partition }) => partition),
      placed.map(({ place }) => place.toString()),
    ],
  );
}
