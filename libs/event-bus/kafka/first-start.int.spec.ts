import { eventually, startKafka, type KafkaProcess } from '@latchkey/testing';
import type { BusLog, EventBus } from '../event-bus';
import { versions } from '../testing/versioned';
import { KafkaEventBus } from './kafka-event-bus';

const GROUPS = ['audit', 'audit-decisions', 'last-used'];
const MEMBERS = 6;

describe('the first start on a Kafka that nobody has used', () => {
  let kafka: KafkaProcess;
  const buses: EventBus[] = [];
  const told: string[] = [];
  const log: BusLog = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields, message) => told.push(`${message} ${JSON.stringify(fields)}`),
    error: (fields, message) => told.push(`${message} ${JSON.stringify(fields)}`),
  };

  beforeAll(async () => (kafka = await startKafka()), 60_000);
  afterAll(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await kafka.stop();
  });

  it('has every group read while all publish and join at once, and logs nothing that looks like a fault', async () => {
    const read = new Map(GROUPS.map((group) => [group, 0]));
    const publishing: Promise<void>[] = [];
    for (let member = 0; member < MEMBERS; member += 1) {
      const bus = new KafkaEventBus({ brokers: [kafka.url], clientId: `member-${member}`, log });
      buses.push(bus);
      for (const group of GROUPS) {
        await bus.subscribe({
          group,
          topics: ['events', 'decisions'],
          handle: () => Promise.resolve(void read.set(group, (read.get(group) ?? 0) + 1)),
          park: () => Promise.reject(new Error('nothing is poison here')),
        });
      }
      publishing.push(bus.publish(versions('events', `key-${member}`, 1, 10)));
      publishing.push(bus.publish(versions('decisions', `key-${member}`, 1, 10)));
    }
    await Promise.all(publishing);
    await eventually(() => expect(Math.min(...read.values())).toBeGreaterThanOrEqual(MEMBERS * 20), {
      timeoutMs: 30_000,
    });
    expect(told).toEqual([]);
  }, 60_000);
});
