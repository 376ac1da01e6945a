import { randomUUID } from 'node:crypto';
import { PostgresEventStore } from '../postgres/postgres-event-store';
import { counters, counterSchemas, createCounters, messageOf, readCounters, streamOf } from '../testing/counter';
import { happened, meta } from '../testing/events';
import { serviceDatabase, type ServiceDatabase } from '../testing/service-database';
import { ProjectionRunner } from './projection-runner';
import { rebuildProjection } from './rebuild-projection';
import { writeProjection } from './write-projection';

describe('rebuild of a projection', () => {
  let database: ServiceDatabase;
  let store: PostgresEventStore;

  beforeEach(async () => {
    database = await serviceDatabase();
    store = new PostgresEventStore(database.dataSource);
    await createCounters(database.dataSource);
  });
  afterEach(() => database.close());

  const append = (streamId: string, version: number, ...whats: readonly unknown[]) =>
    store.append({
      streamId,
      expected: version,
      events: whats.map(happened),
      meta,
      within: (tx, recorded) => writeProjection(tx, counters, recorded),
    });
  const rebuild = (replace = false) => rebuildProjection(database.dataSource, counters, { replace });

  it('a read model written in its append is there at once, and its rebuild gives the same bytes', async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    await append(a, 0, 'one', 'two');
    expect(await readCounters(database.dataSource)).toMatchObject([{ id: a, count: 2, what: ['one', 'two'] }]);
    await append(a, 2, { deep: ['ü', null, 1.5] }, 'ended');
    await append(b, 0, 'one', 'deleted');
    expect(await rebuild()).toEqual({ rows: 1, equal: true });
  });

  it('a text that no column can hold is refused as the request it came with, and nothing is written', async () => {
    await expect(append('a', 0, 'NUL \0')).rejects.toMatchObject({ code: 'request.invalid' });
    expect(await store.readStream('a')).toEqual([]);
  });

  it('names the first row that differs, and leaves it alone', async () => {
    await append('a', 0, 'one');
    await append('b', 0, 'one');
    await append('c', 0, 'one');
    await database.dataSource.query(
      `UPDATE counters SET count = 7 WHERE id = 'b'; DELETE FROM counters WHERE id = 'c'`,
    );
    expect(await rebuild()).toMatchObject({
      rows: 3,
      equal: false,
      firstDifference: { id: 'b', live: { count: 7 }, rebuilt: { count: 1 } },
    });
    expect(await readCounters(database.dataSource)).toMatchObject([{ id: 'a' }, { id: 'b', count: 7 }]);
  });

  it('sees a difference that is none by value', async () => {
    await database.dataSource.query('ALTER TABLE counters ALTER COLUMN count TYPE numeric');
    await append('a', 0, 'one');
    await database.dataSource.query('UPDATE counters SET count = 1.0');
    expect(await rebuild()).toMatchObject({ equal: false, firstDifference: { id: 'a' } });
  });

  it('puts the rebuilt rows in place when asked', async () => {
    await append('a', 0, 'one');
    await append('b', 0, 'one');
    const before = await readCounters(database.dataSource);
    await database.dataSource.query(
      `DELETE FROM counters WHERE id = 'a'; UPDATE counters SET tags = '{}' WHERE id = 'b';
       INSERT INTO counters VALUES ('ghost', 1, '[]', '{}', now(), null)`,
    );
    expect(await rebuild(true)).toMatchObject({ rows: 2, equal: false });
    expect(await readCounters(database.dataSource)).toEqual(before);
    expect(await rebuild()).toEqual({ rows: 2, equal: true });
  });

  it('is right, and equal, while appends go on', async () => {
    const streams = Array.from({ length: 8 }, () => randomUUID());
    const writing = { done: false };
    const writers = streams.map(async (streamId) => {
      for (let version = 0; !writing.done; version += 1) await append(streamId, version, version);
    });
    try {
      for (let n = 0; n < 10; n += 1) expect(await rebuild(n % 2 === 0)).toMatchObject({ equal: true });
      await database.dataSource.query('UPDATE counters SET count = 0');
      await rebuild(true);
    } finally {
      writing.done = true;
      await Promise.all(writers);
    }
    expect(await rebuild()).toMatchObject({ rows: 8, equal: true });
  });

  it("a read model of another service's events is rebuilt from the owner's streams, as far as it has got", async () => {
    const streams = new Map(['a', 'b'].map((id) => [id, streamOf(id, 'one', 'two', 'three')]));
    const owner = { readStream: async (id: string, after = 0) => (streams.get(id) ?? []).slice(after) };
    const runner = new ProjectionRunner({
      dataSource: database.dataSource,
      projection: counters,
      owner,
      schemas: counterSchemas,
    });
    for (const event of [...(streams.get('a') ?? []), ...(streams.get('b') ?? []).slice(0, 1)]) {
      await runner.handle(messageOf(event));
    }
    const fromOwner = (replace = false) => rebuildProjection(database.dataSource, counters, { owner, replace });
    expect(await fromOwner()).toEqual({ rows: 2, equal: true });
    await database.dataSource.query('DELETE FROM counters');
    expect(await fromOwner(true)).toMatchObject({ rows: 2, equal: false, firstDifference: { id: 'a', live: null } });
    expect(await readCounters(database.dataSource)).toMatchObject([
      { id: 'a', count: 3 },
      { id: 'b', count: 1 },
    ]);
  });
});
