import { reach } from '@latchkey/kernel';
import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { attempt, Backoff } from '../attempt';
import type { DeliveredMessage, SubscribeOptions, Subscription } from '../event-bus';
import { keepReading } from '../keep-reading';
import { kafkaClient, type KafkaEventBusOptions } from './kafka-client';
import { untilCoordinated } from './kafka-groups';
import type { KafkaTopics } from './kafka-topics';

/** Longest stay of the broker on a fetch without messages; also how soon a partition is read again after its backoff. */
const FETCH_WAIT_MS = 250;
const PARTITIONS_AT_ONCE = 3;
/** Offsets of handled messages are committed as often as this, and at the end of every batch. */
const COMMIT_MS = 1_000;

/** One member of a consumer group. It never gives up: when kafkajs does, it begins again with a new consumer. */
export class KafkaSubscription implements Subscription {
  readonly #closing = new AbortController();
  readonly #backoff = new Backoff();
  readonly #reading: Promise<void>;

  constructor(
    private readonly options: KafkaEventBusOptions,
    private readonly topics: KafkaTopics,
    private readonly subscription: SubscribeOptions,
  ) {
    const failed = (err: unknown) =>
      options.log.warn({ group: subscription.group, err }, 'reading failed, beginning again');
    this.#reading = keepReading(this.#closing.signal, () => this.readUntilCrash(), failed);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#reading;
  }

  private async readUntilCrash(): Promise<void> {
    await this.topics.ensure(this.subscription.topics);
    await untilCoordinated(this.options, this.groupId);
    const consumer = this.consumer();
    const over = this.crashOrClose(consumer);
    try {
      await consumer.connect();
      await consumer.subscribe({
        topics: this.subscription.topics.map((topic) => this.topics.nameOf(topic)),
        fromBeginning: true,
      });
      await consumer.run({
        autoCommitInterval: COMMIT_MS,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
        eachBatch: (batch) => this.readBatch(batch),
      });
      const crash = await over;
      if (crash) throw crash;
    } finally {
      await consumer.disconnect();
    }
  }

  private consumer(): Consumer {
    return kafkaClient(this.options).consumer({
      groupId: this.groupId,
      sessionTimeout: this.options.sessionTimeoutMs ?? 10_000,
      heartbeatInterval: this.heartbeatMs,
      rebalanceTimeout: 30_000,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3, restartOnFailure: () => Promise.resolve(false) },
    });
  }

  private get groupId(): string {
    return this.topics.nameOf(this.subscription.group);
  }

  private get heartbeatMs(): number {
    return this.options.heartbeatMs ?? 1_000;
  }

  private crashOrClose(consumer: Consumer): Promise<Error | null> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error));
      signal.addEventListener('abort', () => resolve(null), { once: true });
      if (signal.aborted) resolve(null);
    });
  }

  private async readBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const topic = this.subscription.topics.find((name) => this.topics.nameOf(name) === batch.topic) ?? batch.topic;
    const place = `${topic}/${batch.partition}`;
    for (const message of batch.messages) {
      if (!payload.isRunning() || this.#closing.signal.aborted) return;
      const done = await this.whileBeating(payload, () =>
        attempt(delivered(topic, batch.partition, message), this.subscription, this.options.log),
      );
      if (!done) {
        // The rest of the batch is dropped and fetched again, from this message on. Until then the member goes on with its other
        // partitions and stays in the group.
        setTimeout(payload.pause(), this.#backoff.failed(place)).unref();
        return;
      }
      this.#backoff.succeeded(place);
      await reach('checkpoint.before');
      payload.resolveOffset(message.offset);
      await payload.heartbeat();
      await payload.commitOffsetsIfNecessary();
    }
  }

  /** A slow handler must not cost the membership: the group would hand its message to somebody else. */
  private async whileBeating<T>(payload: EachBatchPayload, work: () => Promise<T>): Promise<T> {
    // A heartbeat's error ("the group is rebalancing") is met again by the heartbeat after the message.
    const beat = setInterval(() => void payload.heartbeat().catch(() => undefined), this.heartbeatMs);
    try {
      return await work();
    } finally {
      clearInterval(beat);
    }
  }
}

const delivered = (topic: string, partition: number, message: KafkaMessage): DeliveredMessage => ({
  topic,
  partition,
  offset: message.offset,
  key: message.key?.toString() ?? '',
  value: message.value ?? Buffer.alloc(0),
});
