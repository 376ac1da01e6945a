import { AppError, reach } from '@latchkey/kernel';
import { Partitioners, type Producer, type TopicMessages } from 'kafkajs';
import type { BusMessage } from '../event-bus';
import { kafkaClient, type KafkaEventBusOptions } from './kafka-client';
import type { KafkaTopics } from './kafka-topics';

/**
 * Publishes with an idempotent producer, one batch at a time.
 *
 * The broker knows a repeated batch by its producer's id and sequence numbers. kafkajs takes the numbers back when a batch fails,
 * although the broker may have written it and only the answer was lost. Whatever is sent next then has the same numbers, and the
 * broker acknowledges it as a repetition without writing it. So nothing else is sent while a batch is retried, and after a batch
 * that failed for good the producer is given up for one with a new id.
 */
export class KafkaPublisher {
  #producer: Producer | undefined;
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly options: KafkaEventBusOptions,
    private readonly topics: KafkaTopics,
  ) {}

  publish(messages: readonly BusMessage[]): Promise<void> {
    if (messages.length === 0) return Promise.resolve();
    const sent = this.#last.then(() => this.send(messages));
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    await this.drop();
  }

  private async send(messages: readonly BusMessage[]): Promise<void> {
    if (this.#closed) throw new AppError('service.unavailable', { internal: 'the event bus is closed' });
    try {
      await this.topics.ensure(messages.map(({ topic }) => topic));
      const producer = await this.producer();
      await producer.sendBatch({
        acks: -1,
        timeout: this.options.requestTimeoutMs ?? 5_000,
        topicMessages: this.byTopic(messages),
      });
      await reach('bus.acknowledged');
    } catch (cause) {
      await this.drop();
      throw new AppError('service.unavailable', { internal: `publishing ${messages.length} messages failed`, cause });
    }
  }

  private async producer(): Promise<Producer> {
    if (this.#producer) return this.#producer;
    const producer = kafkaClient(this.options).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    });
    this.#producer = producer;
    await producer.connect();
    return producer;
  }

  private async drop(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer
      ?.disconnect()
      .catch((error: unknown) => this.options.log.debug({ err: error }, 'disconnecting a producer failed'));
  }

  private byTopic(messages: readonly BusMessage[]): TopicMessages[] {
    const batches = new Map<string, TopicMessages>();
    for (const { topic, key, value } of messages) {
      const batch = batches.get(topic) ?? { topic: this.topics.nameOf(topic), messages: [] };
      batch.messages.push({ key, value });
      batches.set(topic, batch);
    }
    return [...batches.values()];
  }
}
