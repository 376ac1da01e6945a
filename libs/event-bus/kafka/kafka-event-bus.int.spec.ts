import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { backing, eventually, startTcpProxy } from '@latchkey/testing';
import { Partitioners } from 'kafkajs';
import { eventBusContract } from '../event-bus.contract';
import { KAFKA_SESSION_MS, openBus, silentLog, throughPort, type BusAddress } from '../testing/open-bus';
import { versionOf, versions } from '../testing/versioned';
import { kafkaClient } from './kafka-client';

const kafkaAddress = (): BusAddress & { kind: 'kafka' } => ({
  kind: 'kafka',
  brokers: backing().kafkaBrokers,
  prefix: `${randomUUID()}.`,
});
/** The broker may outlive the tests. */
async function deleteTopics({ brokers, prefix }: BusAddress & { kind: 'kafka' }): Promise<void> {
  const admin = kafkaClient({ brokers, clientId: 'event-bus-contract', log: silentLog }).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
  await admin.deleteTopics({ topics });
  await admin.disconnect();
}
const startProxy = () => startTcpProxy(`kafka://${backing().kafkaBrokers[0]}`);

eventBusContract('Kafka', async () => {
  const proxy = await startProxy();
  const address = kafkaAddress();
  return {
    address,
    spoilt: { address: { ...address, proxyPort: proxy.port }, proxy },
    stop: async () => {
      await proxy.stop();
      await deleteTopics(address);
    },
  };
});

describe('KafkaEventBus', () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  let address: ReturnType<typeof kafkaAddress>;
  const open = async () => {
    const { bus, close } = await openBus(address);
    cleanups.push(close);
    return bus;
  };
  beforeEach(() => {
    address = kafkaAddress();
    cleanups.push(() => deleteTopics(address));
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it('keeps its partitions while a handler takes longer than the session', async () => {
    const members = await Promise.all([open(), open()]);
    await members[0].publish(versions('topic', 'key', 1, 1));
    const begun: number[] = [];
    let ended = 0;
    for (const bus of members) {
      await bus.subscribe({
        group: 'readers',
        topics: ['topic'],
        handle: async (message) => {
          begun.push(versionOf(message));
          if (versionOf(message) === 1) await delay(KAFKA_SESSION_MS + 1_000);
          ended += 1;
        },
        park: () => Promise.reject(new Error('nothing is poison here')),
      });
    }
    await members[0].publish(versions('topic', 'key', 2, 2));
    await eventually(() => expect(ended).toBe(2), { timeoutMs: 15_000 });
    expect(begun).toEqual([1, 2]);
  });

  it('needs a new producer after a failure: one of kafkajs that is used again has its messages dropped as repetitions', async () => {
    const proxy = await startProxy();
    cleanups.push(() => proxy.stop());
    const bus = await open();
    await bus.publish(versions('topic', 'key', 1, 1));
    const producer = kafkaClient({
      brokers: address.brokers,
      clientId: 'used-again',
      log: silentLog,
      requestTimeoutMs: 500,
      socketFactory: throughPort(proxy.port),
    }).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { retries: 1 },
    });
    const send = (version: number) =>
      producer.sendBatch({
        topicMessages: [{ topic: `${address.prefix}topic`, messages: versions('topic', 'key', version, version) }],
      });
    cleanups.push(() => producer.disconnect());
    await producer.connect();
    await send(2);
    proxy.stall('answers');
    await expect(send(3)).rejects.toThrow();
    proxy.restore();
    await eventually(() => send(4));

    await bus.publish(versions('topic', 'key', 5, 5));
    const read: number[] = [];
    await bus.subscribe({
      group: 'reader',
      topics: ['topic'],
      handle: async (message) => void read.push(versionOf(message)),
      park: () => Promise.reject(new Error('nothing is poison here')),
    });
    await eventually(() => expect(read.at(-1)).toBe(5));
    expect(read).toEqual([1, 2, 3, 5]);
  });
});
