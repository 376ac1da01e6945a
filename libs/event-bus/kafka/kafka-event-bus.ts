import type { BusMessage, EventBus, SubscribeOptions, Subscription } from '../event-bus';
import type { KafkaEventBusOptions } from './kafka-client';
import { KafkaPublisher } from './kafka-publisher';
import { KafkaSubscription } from './kafka-subscription';
import { KafkaTopics } from './kafka-topics';

/** The event bus on Kafka. Keys are assigned to partitions as by Kafka's own Java client (murmur2). */
export class KafkaEventBus implements EventBus {
  readonly #topics: KafkaTopics;
  readonly #publisher: KafkaPublisher;
  readonly #subscriptions: KafkaSubscription[] = [];

  constructor(private readonly options: KafkaEventBusOptions) {
    this.#topics = new KafkaTopics(options);
    this.#publisher = new KafkaPublisher(options, this.#topics);
  }

  publish(messages: readonly BusMessage[]): Promise<void> {
    return this.#publisher.publish(messages);
  }

  subscribe(options: SubscribeOptions): Promise<Subscription> {
    const subscription = new KafkaSubscription(this.options, this.#topics, options);
    this.#subscriptions.push(subscription);
    return Promise.resolve(subscription);
  }

  async close(): Promise<void> {
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close()));
    await this.#publisher.close();
  }
}
