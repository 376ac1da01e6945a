import { AppError } from '@latchkey/kernel';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import type { RecordedEvent } from '../event-store';
import {
  counters,
  counterSchemas,
  createCounters,
  messageOf,
  readCounters,
  streamOf,
  type CounterRow,
} from '../testing/counter';
import { serviceDatabase, type ServiceDatabase } from '../testing/service-database';
import type { IncomingMessage } from './incoming-event';
import { ProjectionRunner } from './projection-runner';

/** What another service has of its aggregates. */
class Owner {
  readonly #streams = new Map<string, readonly RecordedEvent[]>();
  away = false;

  has(events: readonly RecordedEvent[]): readonly IncomingMessage[] {
    this.#streams.set(events[0]?.streamId ?? '', events);
    return events.map(messageOf);
  }

  async readStream(streamId: string, afterVersion = 0): Promise<readonly RecordedEvent[]> {
    if (this.away) throw new AppError('service.unavailable');
    return (this.#streams.get(streamId) ?? []).slice(afterVersion);
  }
}

describe('projection runner', () => {
  let database: ServiceDatabase;
  let owner: Owner;
  let runner: ProjectionRunner<CounterRow>;
  let id: string;

  beforeAll(async () => {
    database = await serviceDatabase();
    await createCounters(database.dataSource);
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await database.dataSource.query('TRUNCATE counters, projection_progress, parked_events');
    owner = new Owner();
    runner = runnerOf(counters);
    id = randomUUID();
  });

  const runnerOf = (projection: typeof counters): ProjectionRunner<CounterRow> =>
    new ProjectionRunner({ dataSource: database.dataSource, projection, owner, schemas: counterSchemas });
  const deliver = async (...messages: readonly (IncomingMessage | undefined)[]): Promise<void> => {
    for (const message of messages) if (message) await runner.handle(message);
  };
  const whats = async (): Promise<readonly unknown[]> => (await readCounters(database.dataSource))[0]?.what ?? [];
  const reasons = async (): Promise<readonly string[]> => (await runner.parked()).map((parked) => parked.reason);

  it('applies each version once, in order, and says as of when', async () => {
    expect(await runner.asOf()).toBeNull();
    const [one, two] = owner.has(streamOf(id, 'a', 'b'));
    await deliver(one, one, two, one, two);
    expect(await readCounters(database.dataSource)).toEqual([
      {
        id,
        count: 2,
        what: ['a', 'b'],
        tags: ['v1', 'v2'],
        last_at: new Date('2026-11-01T12:00:00.124Z'),
        ended_at: null,
      },
    ]);
    expect(await runner.asOf()).toEqual(new Date('2026-11-01T12:00:00.124Z'));
  });

  it('fetches from the owner what a gap shows to be missing', async () => {
    const [, , three] = owner.has(streamOf(id, 'a', 'b', 'c', 'd'));
    await deliver(three);
    expect(await whats()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('asks for a message again, and writes nothing, while the owner of a gap is away or does not know of it', async () => {
    const [, two] = owner.has(streamOf(id, 'a', 'b'));
    owner.away = true;
    await expect(deliver(two)).rejects.toMatchObject({ code: 'service.unavailable' });
    owner.away = false;
    await expect(
      deliver(messageOf({ ...streamOf(randomUUID(), 'a', 'b')[1], version: 2 } as RecordedEvent)),
    ).rejects.toMatchObject({
      code: 'service.unavailable',
    });
    expect(await readCounters(database.dataSource)).toEqual([]);
    await deliver(two);
    expect(await whats()).toEqual(['a', 'b']);
  });

  it('removes a row whose reducer says so, and makes it again', async () => {
    const messages = owner.has(streamOf(id, 'a', 'deleted', 'b'));
    await deliver(...messages.slice(0, 2));
    expect(await readCounters(database.dataSource)).toEqual([]);
    await deliver(messages[2]);
    expect(await whats()).toEqual(['b']);
  });

  it.each([
    ['breaks its schema', { not: 'text' }, 'version 2: what: Invalid input'],
    ['its reducer throws on', 'reducer throws', 'version 2: cannot take this'],
    ['the table refuses', 'database refuses', /counters_count_check/],
  ])(
    'parks an event that %s; later ones wait behind it, and the aggregate is degraded',
    async (_name, what, reason) => {
      const other = randomUUID();
      const [one, two, three] = owner.has(streamOf(id, 'a', what, 'c'));
      await deliver(one, two, three, two, three, ...owner.has(streamOf(other, 'a')));

      expect((await readCounters(database.dataSource)).find((row) => row.id === id)?.what).toEqual(['a']);
      expect(await runner.degraded([id, other])).toEqual(new Set([id]));
      expect(await runner.parked()).toMatchObject([
        { aggregateId: id, version: 2, reason: expect.stringMatching(reason) },
        { aggregateId: id, version: 3, reason: 'version 3: behind a parked event' },
      ]);
      expect(await runner.retry(id)).toBe('degraded');
      expect(await reasons()).toEqual([expect.stringMatching(reason), 'version 3: behind a parked event']);
    },
  );

  it('is mended by a retry once its code can take the event, with all that came since', async () => {
    const [one, two, three, four] = owner.has(streamOf(id, 'a', 'reducer throws', 'c', 'd'));
    await deliver(one, two, three);
    runner = runnerOf({
      ...counters,
      project: (row, event) =>
        counters.project(row, event.version === 2 ? { ...event, data: { what: 'taken' } } : event),
    });
    expect(await runner.retry(id)).toBe('mended');
    expect(await whats()).toEqual(['a', 'taken', 'c', 'd']);
    expect(await runner.parked()).toEqual([]);
    expect(await runner.degraded([id])).toEqual(new Set());
    await deliver(four);
    expect(await whats()).toEqual(['a', 'taken', 'c', 'd']);
  });

  it.each([
    ['that is not JSON', 'no JSON'],
    ['that is no CloudEvent', '{}'],
    ['of bytes that are no text', '\0\u0001\ufffd'],
  ])('parks a message %s, and the owner stands in for it', async (_name, text) => {
    const [one, two] = owner.has(streamOf(id, 'a', 'b'));
    await deliver(one, { key: id, value: Buffer.from(text) }, two);
    expect(await whats()).toEqual(['a']);
    expect(await runner.parked()).toMatchObject([{ aggregateId: id, version: null }, { version: 2 }]);
    expect(await runner.retry(id)).toBe('mended');
    expect(await whats()).toEqual(['a', 'b']);
    expect(await runner.parked()).toEqual([]);
  });

  it('parks a message whose key is not its aggregate, so that order by key is order by aggregate', async () => {
    const [one] = owner.has(streamOf(id, 'a'));
    await deliver({ key: 'other', value: one?.value ?? Buffer.alloc(0) });
    expect(await readCounters(database.dataSource)).toEqual([]);
    expect(await runner.parked()).toMatchObject([{ aggregateId: 'other', version: null }]);
  });

  it('parks an event with a text that cannot be stored, and one of an aggregate whose id cannot be', async () => {
    await deliver(...owner.has(streamOf(id, 'a\0b')), ...owner.has(streamOf('\0', 'a')));
    expect(await readCounters(database.dataSource)).toEqual([]);
    expect(await runner.parked()).toMatchObject([{ aggregateId: id }, { aggregateId: '\ufffd' }]);
  });

  it('a poison event found while filling a gap leaves what came before applied, and parks the message', async () => {
    const [, , three] = owner.has(streamOf(id, 'a', 'reducer throws', 'c'));
    await deliver(three);
    expect(await whats()).toEqual(['a']);
    expect(await runner.parked()).toMatchObject([{ version: 3, reason: 'version 2: cannot take this' }]);
  });

  it('any duplication, delay and reordering of deliveries gives the same rows', async () => {
    const aggregates = ['x', 'y', 'z'];
    const what = fc.oneof(fc.constantFrom('ended', 'deleted', 'reducer throws'), fc.integer(), fc.string());
    const histories = fc.array(fc.array(what, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 });
    const deliveries = histories.chain((streams) => {
      const all = streams.flatMap((stream, n) => stream.map((_, version) => [n, version] as const));
      return fc.record({
        streams: fc.constant(streams),
        order: fc.tuple(fc.shuffledSubarray(all), fc.shuffledSubarray(all, { minLength: all.length })),
        atOnce: fc.integer({ min: 1, max: 4 }),
      });
    });
    // NUL cannot be stored in Postgres; that such an event is parked is the business of another test.
    const storable = (stream: readonly unknown[]) =>
      stream.map((each) => (typeof each === 'string' ? each.replaceAll('\0', '') : each));

    await fc.assert(
      fc.asyncProperty(deliveries, async ({ streams, order, atOnce }) => {
        await database.dataSource.query('TRUNCATE counters, projection_progress, parked_events');
        const events = streams.map((stream, n) => streamOf(aggregates[n] ?? '', ...storable(stream)));
        const messages = events.map((stream) => owner.has(stream));
        const queue = order.flat().map(([n, version]) => messages[n]?.[version]);
        while (queue.length > 0) await Promise.all(queue.splice(0, atOnce).map((message) => deliver(message)));

        const expected = events.map((stream) => {
          const poison = stream.findIndex((event) => (event.data as { what: unknown }).what === 'reducer throws');
          const taken = poison < 0 ? stream : stream.slice(0, poison);
          return taken.reduce<CounterRow | null>((row, event) => counters.project(row, event), null);
        });
        expect(await readCounters(database.dataSource)).toEqual(expected.filter((row) => row !== null));
      }),
      { numRuns: 60 },
    );
  });
});
