import { freshDatabase, type FreshDatabase } from '@latchkey/testing';
import { Client } from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { happened, meta } from '../testing/events';
import { openDatabase, type DatabaseOptions } from './database';
import { eventStoreMigrations } from './migrations';
import { PostgresEventStore } from './postgres-event-store';

class CountRuns1763683299999 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE runs (n integer); INSERT INTO runs VALUES (1); SELECT pg_sleep(0.1)');
  }

  down(): Promise<void> {
    return Promise.resolve();
  }
}

describe('a service database', () => {
  let database: FreshDatabase;
  beforeAll(async () => (database = await freshDatabase()));
  afterAll(() => database.drop());

  const optionsOf = (schema: string, more: Partial<DatabaseOptions> = {}): DatabaseOptions => ({
    url: database.url,
    schema,
    migrations: [...eventStoreMigrations, CountRuns1763683299999],
    applicationName: `${schema}-test`,
    ...more,
  });

  it('is made once by instances that start at once, with a pool of one each', async () => {
    const instances = await Promise.all([1, 2, 3, 4].map(() => openDatabase(optionsOf('together', { poolSize: 1 }))));
    const [first] = instances;
    expect(await first?.query('SELECT n FROM runs')).toEqual([{ n: 1 }]);
    await Promise.all(instances.map((instance) => instance.destroy()));
  });

  it('is a schema of its own among others in one database', async () => {
    const [issuance, identity] = await Promise.all(
      ['issuance', 'identity'].map((name) => openDatabase(optionsOf(name))),
    );
    if (!issuance || !identity) throw new Error('not opened');
    const append = { streamId: 'one', expected: 'no_stream', events: [happened()], meta } as const;
    await new PostgresEventStore(issuance).append(append);
    expect(await new PostgresEventStore(identity).readStream('one')).toEqual([]);
    await new PostgresEventStore(identity).append(append);
    await Promise.all([issuance.destroy(), identity.destroy()]);
  });

  it('has each statement with parameters planned once per connection', async () => {
    const dataSource = await openDatabase(optionsOf('prepared', { poolSize: 1 }));
    for (const n of [1, 2, 3]) await dataSource.query('SELECT $1::integer AS n', [n]);
    await expect(dataSource.query('SELECT $1::integer / 0', [1])).rejects.toThrow('division by zero');
    expect(await dataSource.query('SELECT $1::integer AS n', [4])).toEqual([{ n: 4 }]);
    const prepared = `SELECT count(*)::integer AS n FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::integer AS n'`;
    expect(await dataSource.query(prepared)).toEqual([{ n: 1 }]);
    await dataSource.destroy();
  });

  it('does not change an event that is written', async () => {
    const dataSource = await openDatabase(optionsOf('immutable'));
    await new PostgresEventStore(dataSource).append({ streamId: 'one', expected: 0, events: [happened()], meta });
    for (const change of [`UPDATE events SET type = 'x'`, 'DELETE FROM events', 'TRUNCATE events']) {
      await expect(dataSource.query(change)).rejects.toThrow('events are only ever added');
    }
    await dataSource.destroy();
  });

  it('stores the canonical bytes of an event', async () => {
    const dataSource = await openDatabase(optionsOf('bytes'));
    const events = [{ type: 'latchkey.test.happened.v1', data: { b: 1.5, a: ['ü'], none: undefined } }];
    await new PostgresEventStore(dataSource).append({ streamId: 'one', expected: 0, events, meta });
    const [row] = await dataSource.query<{ data: Buffer }[]>('SELECT data FROM events');
    expect(row?.data.toString('utf8')).toBe('{"a":["ü"],"b":1.5}');
    await dataSource.destroy();
  });

  it('answers service.unavailable when it cannot be reached, and when a statement takes too long', async () => {
    await expect(openDatabase(optionsOf('away', { url: 'postgres://nobody@127.0.0.1:1/none' }))).rejects.toMatchObject({
      code: 'service.unavailable',
    });

    const dataSource = await openDatabase(optionsOf('slow', { statementTimeoutMs: 150 }));
    const store = new PostgresEventStore(dataSource);
    const other = new Client({ connectionString: database.url });
    await other.connect();
    await other.query('BEGIN; LOCK TABLE slow.events');
    const append = store.append({ streamId: 'one', expected: 0, events: [happened()], meta });
    await expect(append).rejects.toMatchObject({ code: 'service.unavailable', retryAfterSeconds: 1 });
    await other.end();
    await dataSource.destroy();
  });

  it('never puts the values of a statement into an error', async () => {
    const dataSource = await openDatabase(optionsOf('discreet'));
    const append = new PostgresEventStore(dataSource).append({
      streamId: 'one',
      expected: 0,
      events: [happened()],
      meta,
      within: async (tx) => {
        await tx.query('INSERT INTO claims VALUES ($1, $1, $1), ($1, $1, $1)', ['ada@example.com']);
      },
    });
    const error: unknown = await append.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'service.internal' });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('ada@example.com');
    expect(JSON.stringify((error as Error).cause)).not.toContain('ada@example.com');
    await dataSource.destroy();
  });

  it.each(['', 'Upper', 'x; DROP SCHEMA public', 'a"b'])('refuses the schema name %j', async (schema) => {
    await expect(openDatabase(optionsOf(schema))).rejects.toThrow('not a plain SQL name');
  });
});
