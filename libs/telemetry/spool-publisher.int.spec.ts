import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TOPICS } from '@latchkey/contracts';
import { KafkaEventBus, type BusMessage } from '@latchkey/event-bus';
import { backing, eventually, startTcpProxy } from '@latchkey/testing';
import { connect } from 'node:net';
import { CountingReport } from './testing/memory-spool';

import { FileSpool } from './file-spool';
import { SpoolPublisher } from './spool-publisher';

const bootNumber = (number: number) => `01900000-0000-7000-8000-00000000000${number}`;

/** A bus that can be away, and that may lose its answer after it has what it was given. */
class Bus {
  readonly received: string[] = [];
  state: 'up' | 'down' | 'deaf' = 'up';

  publish(messages: readonly BusMessage[]): Promise<void> {
    if (this.state === 'down') return Promise.reject(new Error('away'));
    this.received.push(...messages.map(({ key, value }) => `${key.at(-1)}/${value.toString()}`));
    return this.state === 'deaf' ? Promise.reject(new Error('no answer')) : Promise.resolve();
  }
}

describe('publishing what is in a spool', () => {
  let folder: string;
  const undo: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'latchkey-spool-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
  });
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  const boot = async (number: number, bus: Pick<KafkaEventBus, 'publish'>) => {
    const spool = await FileSpool.open({ folder, boot: bootNumber(number), bytesMax: 1_000_000 });
    const report = new CountingReport();
    const publisher = new SpoolPublisher({ spool, topic: TOPICS.decisions, bus, report });
    publisher.start();
    undo.push(() => publisher.stop(0).then(() => spool.close()));
    const write = async (from: number, to: number) => {
      for (let each = from; each <= to; each += 1) {
        await spool.write(each, Buffer.from(String(each)));
        publisher.wake();
      }
    };
    /** Nothing of it is left but its files. */
    const kill = () => publisher.stop(1_000).then(() => spool.close());
    return { spool, report, publisher, write, kill };
  };

  it('hands over everything in order, and then forgets it', async () => {
    const bus = new Bus();
    const { spool, write } = await boot(1, bus);
    await write(1, 5);
    await eventually(() => expect(spool.waiting.events).toBe(0));
    expect(bus.received).toEqual(['1/1', '1/2', '1/3', '1/4', '1/5']);
  });

  it('keeps everything while the bus is away, over a crash too, and publishes it under its own boot', async () => {
    const bus = new Bus();
    bus.state = 'down';
    const first = await boot(1, bus);
    await first.write(1, 3);
    await eventually(() => expect(first.report.counts.notPublished).toBeGreaterThan(1));
    await first.kill();
    bus.state = 'up';
    const second = await boot(2, bus);
    await second.write(1, 1);
    await eventually(() => expect(second.spool.waiting.events).toBe(0));
    expect(bus.received).toEqual(['1/1', '1/2', '1/3', '2/1']);
  });

  it('would lose it by forgetting before the bus has it', async () => {
    const bus = new Bus();
    bus.state = 'down';
    const { spool, report, write } = await boot(1, bus);
    const { oldest } = spool;
    spool.oldest = async (bytesMax) => {
      const events = await oldest.call(spool, bytesMax);
      await spool.remove(events);
      return events;
    };
    await write(1, 3);
    await eventually(() => expect(report.counts.notPublished).toBeGreaterThan(0));
    bus.state = 'up';
    await eventually(() => expect(spool.waiting.events).toBe(0));
    expect(bus.received).not.toContain('1/1');
  });

  it('publishes again what the bus did not answer: twice rather than never', async () => {
    const bus = new Bus();
    bus.state = 'deaf';
    const { spool, report, write } = await boot(1, bus);
    await write(1, 1);
    await eventually(() => expect(report.counts.notPublished).toBeGreaterThan(0));
    bus.state = 'up';
    await eventually(() => expect(spool.waiting.events).toBe(0));
    expect(new Set(bus.received)).toEqual(new Set(['1/1']));
    expect(bus.received.length).toBeGreaterThan(1);
  });

  it('a stop publishes what is there', async () => {
    const bus = new Bus();
    const { publisher, write } = await boot(1, bus);
    await write(1, 3);
    await publisher.stop(5_000);
    expect(bus.received).toEqual(['1/1', '1/2', '1/3']);
  });

  it('a stop does not wait for a bus that is away: the next boot publishes', async () => {
    const bus = new Bus();
    bus.state = 'down';
    const { spool, publisher, write } = await boot(1, bus);
    await write(1, 3);
    await publisher.stop(60_000);
    expect(spool.waiting.events).toBe(3);
  });

  it('Kafka away and back: nothing is missing, in order', async () => {
    const proxy = await startTcpProxy(`kafka://${backing().kafkaBrokers[0]}`);
    undo.push(() => proxy.stop());
    const silent = () => undefined;
    const bus = new KafkaEventBus({
      brokers: backing().kafkaBrokers,
      prefix: `${randomUUID()}.`,
      clientId: 'spool-publisher-test',
      log: { debug: silent, info: silent, warn: silent, error: silent },
      requestTimeoutMs: 1_000,
      // The broker tells its clients its own address; this makes them keep to the proxy.
      socketFactory: ({ onConnect }) => connect({ host: '127.0.0.1', port: proxy.port }, onConnect),
    });
    undo.push(() => bus.close());
    const { spool, report, write } = await boot(1, bus);
    await write(1, 5);
    await eventually(() => expect(spool.waiting.events).toBe(0), { timeoutMs: 15_000 });
    proxy.cut();
    await write(6, 10);
    await eventually(() => expect(report.counts.notPublished).toBeGreaterThan(0), { timeoutMs: 15_000 });
    proxy.restore();
    await eventually(() => expect(spool.waiting.events).toBe(0), { timeoutMs: 15_000 });
    const read: number[] = [];
    await bus.subscribe({
      group: 'reader',
      topics: [TOPICS.decisions],
      handle: async ({ value }) => void read.push(Number(value.toString())),
      park: () => Promise.reject(new Error('nothing is poison here')),
    });
    await eventually(() => expect(new Set(read).size).toBe(10), { timeoutMs: 15_000 });
    expect([...new Set(read)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
