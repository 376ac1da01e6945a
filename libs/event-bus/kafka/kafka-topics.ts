import type { Admin } from 'kafkajs';
import { kafkaClient, type KafkaEventBusOptions } from './kafka-client';
import { untilAnswered } from './until-answered';

const PARTITIONS = 6;
/** Kafka's word for "as the broker is configured". */
const BROKERS_DEFAULT = -1;

/**
 * Creates topics on first use, with a fixed number of partitions. Their messages are kept for ever, so that a new reader can begin
 * at the start; an operator may set another retention on the topic.
 */
export class KafkaTopics {
  readonly #ready = new Set<string>();

  constructor(private readonly options: KafkaEventBusOptions) {}

  nameOf(topic: string): string {
    return `${this.options.prefix ?? ''}${topic}`;
  }

  async ensure(topics: readonly string[]): Promise<void> {
    const missing = [...new Set(topics)].filter((topic) => !this.#ready.has(topic));
    if (missing.length === 0) return;
    const admin = kafkaClient(this.options).admin();
    try {
      await admin.connect();
      await admin.createTopics({
        waitForLeaders: false,
        timeout: this.options.requestTimeoutMs ?? 5_000,
        topics: missing.map((topic) => ({
          topic: this.nameOf(topic),
          numPartitions: this.options.partitions ?? PARTITIONS,
          replicationFactor: this.options.replicationFactor ?? BROKERS_DEFAULT,
          configEntries: [
            { name: 'cleanup.policy', value: 'delete' },
            { name: 'retention.ms', value: '-1' },
          ],
        })),
      });
      for (const topic of missing) await this.untilLed(admin, topic);
    } finally {
      await admin.disconnect();
    }
    for (const topic of missing) this.#ready.add(topic);
  }

  /**
   * A broker learns of a topic, and then that it leads its partitions, a moment after the topic was created. Until then it refuses
   * messages, and kafkajs would take that for final. Offsets are told by leaders only.
   */
  private async untilLed(admin: Admin, topic: string): Promise<void> {
    await untilAnswered(() => admin.fetchTopicOffsets(this.nameOf(topic)));
  }
}
