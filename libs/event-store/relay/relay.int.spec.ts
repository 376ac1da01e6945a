import { eventEnvelope } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { PostgresEventStore } from '../postgres/postgres-event-store';
import { happened, meta } from '../testing/events';
import { serviceDatabase, type ServiceDatabase } from '../testing/service-database';
import { Topic } from '../testing/topic';
import type { OutgoingMessage } from './publisher';
import { Relay, type RelayOptions } from './relay';

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n + 1);

describe('relay', () => {
  let database: ServiceDatabase;
  let store: PostgresEventStore;
  let topic: Topic;
  const running: Relay[] = [];

  beforeEach(async () => {
    database = await serviceDatabase();
    store = new PostgresEventStore(database.dataSource);
    topic = new Topic();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((relay) => relay.stop()));
    await database.close();
  });

  const relayOf = (options: Partial<RelayOptions> = {}): Relay => {
    const relay = new Relay({
      dataSource: database.dataSource,
      publisher: topic,
      source: 'latchkey/issuance',
      topic: 'latchkey.keys.v1',
      standbyPollMs: 20,
      ...options,
    });
    running.push(relay);
    return relay;
  };
  const append = (streamId: string, version: number, count = 1) =>
    store.append({ streamId, expected: version, events: upTo(count).map(() => happened()), meta });

  it('publishes a committed event as a CloudEvent, keyed by its aggregate', async () => {
    const relay = relayOf();
    relay.start();
    await eventually(() => expect(relay.health().role).toBe('leader'));
    const streamId = randomUUID();
    const [recorded] = await append(streamId, 0);
    await eventually(() => expect(topic.messages).toHaveLength(1));
    expect(topic.messages[0]).toMatchObject({ topic: 'latchkey.keys.v1', key: streamId });
    expect(topic.events.map((event) => eventEnvelope.parse(event))).toEqual([
      {
        specversion: '1.0',
        id: recorded?.eventId,
        source: 'latchkey/issuance',
        type: 'latchkey.test.happened.v1',
        subject: streamId,
        time: '2026-11-01T12:00:00.123Z',
        datacontenttype: 'application/json',
        streamversion: 1,
        position: '1',
        workspaceid: 'workspace-1',
        actorid: 'user-1',
        requestid: 'request-1',
        data: { what: 'something' },
      },
    ]);
  });

  it('publishes each event by itself, without waiting for another to come', async () => {
    relayOf().start();
    for (let n = 1; n <= 10; n += 1) {
      await append(randomUUID(), 0);
      await eventually(() => expect(topic.messages).toHaveLength(n), { everyMs: 2 });
    }
  });

  describe('16 writers whose commits are slow', () => {
    const writers = 16;
    const appends = 12;

    /** Each writes to a stream of its own and to one that all share, so that rows commit out of their order. */
    const write = async (writer: number): Promise<void> => {
      const streamId = randomUUID();
      const slowly = {
        meta,
        within: async (tx: DataSource['manager']) => {
          await tx.query('SELECT pg_sleep(random() * 0.02)');
        },
      };
      for (let n = 0; n < appends; n += 1) {
        await store.append({ streamId, expected: n, events: [happened(writer)], ...slowly });
        if (n % 4 === 0) await store.append({ streamId: shared, expected: 'exists', events: [happened()], ...slowly });
      }
    };
    const shared = randomUUID();
    const total = 1 + writers * (appends + appends / 4);
    const writeAll = async (): Promise<void> => {
      await append(shared, 0);
      await Promise.all(upTo(writers).map(write));
    };

    it('lose no event, and each stream keeps its order', async () => {
      const relay = relayOf({ batchSize: 7 });
      relay.start();
      await writeAll();
      await eventually(() => expect(topic.messages.length).toBeGreaterThanOrEqual(total));

      expect(topic.positions).toEqual(upTo(total));
      expect(new Set(topic.events.map((event) => event.id)).size).toBe(total);
      const versions = new Map<string, number[]>();
      for (const event of topic.events) {
        versions.set(event.subject, [...(versions.get(event.subject) ?? []), event.streamversion]);
      }
      for (const each of versions.values()) expect(each).toEqual(upTo(each.length));
    });

    it('lose events with a poll for sequence numbers above the last one seen', async () => {
      let last = 0n;
      let seen = 0;
      const poll = async (): Promise<void> => {
        const rows = await database.dataSource.query<{ seq: string }[]>(
          'SELECT seq FROM outbox WHERE seq > $1 ORDER BY seq LIMIT 7',
          [last],
        );
        seen += rows.length;
        last = BigInt(rows.at(-1)?.seq ?? last);
      };
      const writing = { done: false };
      const all = writeAll().then(() => (writing.done = true));
      while (!writing.done) await poll();
      await all;
      for (let n = 0; n < total; n += 1) await poll();
      expect(seen).toBeGreaterThan(0);
      expect(seen).toBeLessThan(total);
    });
  });

  it('a long transaction elsewhere does not stall it, as it would a poll below the oldest open transaction', async () => {
    const relay = relayOf();
    relay.start();
    const elsewhere = database.dataSource.createQueryRunner();
    await elsewhere.startTransaction();
    await elsewhere.query('SELECT pg_current_xact_id()');
    try {
      await append(randomUUID(), 0, 3);
      await eventually(() => expect(topic.positions).toEqual([1, 2, 3]), { timeoutMs: 2_000 });
      const below = await database.dataSource.query<unknown[]>(
        'SELECT FROM events WHERE xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint',
      );
      expect(below).toHaveLength(0);
    } finally {
      await elsewhere.rollbackTransaction();
      await elsewhere.release();
    }
  });

  it('publishes what waits in batches, and says how much is left', async () => {
    await append(randomUUID(), 0, 20);
    const relay = relayOf({ batchSize: 6 });
    expect(await relay.lag()).toBe(20);
    relay.start();
    await eventually(async () => expect(await relay.lag()).toBe(0));
    expect(topic.positions).toEqual(upTo(20));
  });

  it('publishes large events in batches that a broker takes', async () => {
    const large = happened('x'.repeat(200 * 1_024));
    const sizes: number[] = [];
    const publisher = {
      publish: async (messages: readonly OutgoingMessage[]) => {
        sizes.push(messages.reduce((sum, message) => sum + message.value.length, 0));
        await topic.publish(messages);
      },
    };
    await store.append({ streamId: randomUUID(), expected: 0, events: [large, large, large, large, large], meta });
    relayOf({ publisher }).start();
    await eventually(() => expect(topic.positions).toEqual([1, 2, 3, 4, 5]));
    expect(Math.max(...sizes)).toBeLessThan(1_024 * 1_024);
  });

  it('its positions stay readable, for audits and rebuilds', async () => {
    const relay = relayOf();
    relay.start();
    const [a, b] = [randomUUID(), randomUUID()];
    await append(a, 0, 2);
    await append(b, 0, 1);
    await eventually(() => expect(topic.positions).toEqual([1, 2, 3]));
    const read = await store.readPublished(1n, 10);
    expect(read).toMatchObject([
      { position: 2n, streamId: a, version: 2 },
      { position: 3n, streamId: b, version: 1 },
    ]);
    expect(read.map((event) => event.eventId)).toEqual(topic.events.slice(1).map((event) => event.id));
    expect(await store.readPublished(0n, 1)).toMatchObject([{ position: 1n }]);
    expect(await store.readPublished(3n, 10)).toEqual([]);
  });

  it('tries again while the topic is away, shows it, and loses nothing', async () => {
    topic.failuresLeft = 3;
    const errors: string[] = [];
    await append(randomUUID(), 0, 2);
    const relay = relayOf({ onError: (error) => errors.push(error.message) });
    relay.start();
    await eventually(() => expect(relay.health()).toMatchObject({ failures: 1, lastError: 'the topic is away' }), {
      everyMs: 1,
    });
    await eventually(() => expect(topic.positions).toEqual([1, 2]));
    await eventually(() => expect(relay.health()).toEqual({ role: 'leader', failures: 0, lastError: null }));
    expect(errors).toHaveLength(3);
  });

  it('comes back by itself when the server ended all its connections', async () => {
    const instance = await database.open('restarted');
    const relay = relayOf({ dataSource: instance });
    relay.start();
    await eventually(() => expect(relay.health().role).toBe('leader'));
    await database.terminate('restarted');
    await database.terminate('restarted-relay');
    await append(randomUUID(), 0, 2);
    await eventually(() => expect(topic.positions).toEqual([1, 2]));
  });

  it('publishes all that is committed before it stops, and leaves at once to the next', async () => {
    const first = relayOf({ batchSize: 10 });
    first.start();
    await eventually(() => expect(first.health().role).toBe('leader'));
    await append(randomUUID(), 0, 100);
    await first.stop();
    expect(topic.positions).toEqual(upTo(100));
    expect(first.health().role).toBe('stopped');

    const second = relayOf();
    second.start();
    await eventually(() => expect(second.health().role).toBe('leader'));
  });
});
