import { kafkaClient, type KafkaEventBusOptions } from './kafka-client';
import { untilAnswered } from './until-answered';

/**
 * Waits until a broker coordinates the group. On a cluster that no group has used, and after a coordinator is gone, one reads first what
 * is kept of its groups; it refuses whoever would join meanwhile, and kafkajs takes that for final.
 */
export async function untilCoordinated(options: KafkaEventBusOptions, groupId: string): Promise<void> {
  const admin = kafkaClient(options).admin();
  try {
    await admin.connect();
    await untilAnswered(() => admin.describeGroups([groupId]));
  } finally {
    await admin.disconnect();
  }
}
