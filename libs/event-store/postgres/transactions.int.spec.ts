import {
  atFailpoint,
  eventually,
  freshDatabase,
  startTcpProxy,
  type FreshDatabase,
  type TcpProxy,
} from '@latchkey/testing';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { happened, meta } from '../testing/events';
import { openDatabase } from './database';
import { eventStoreMigrations } from './migrations';
import { PostgresEventStore } from './postgres-event-store';

const CLAIM = 'INSERT INTO claims (scope, value, stream_id) VALUES ($1, $2, $3)';

describe('a transaction that begins with its first statement', () => {
  let database: FreshDatabase;
  let network: TcpProxy;
  /** One connection, through `network`. */
  let dataSource: DataSource;
  /** Looks on, by another connection. */
  let observer: Client;
  const open = () =>
    openDatabase({
      url: network.url,
      schema: 'service',
      migrations: eventStoreMigrations,
      poolSize: 1,
      applicationName: 'transactions-test',
    });
  beforeAll(async () => {
    database = await freshDatabase();
    network = await startTcpProxy(database.url);
    dataSource = await open();
    observer = new Client({ connectionString: database.url, options: '-c search_path=service' });
    await observer.connect();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await observer.end();
    await network.stop();
    await database.drop();
  });

  const write = (value: string, through = dataSource) =>
    through.transaction(async (tx) => {
      await tx.query(CLAIM, ['test', value, 'stream']);
    });
  const isWritten = async (value: string): Promise<boolean> =>
    (await observer.query('SELECT FROM claims WHERE value = $1', [value])).rowCount === 1;
  /** What the server says of the one connection; one that was cut may still be there for a moment. */
  const session = async (): Promise<{ state: string; query: string } | undefined> => {
    const { rows } = await observer.query<{ state: string; query: string }>(
      `SELECT state, query FROM pg_stat_activity
        WHERE application_name = 'transactions-test' AND datname = current_database() ORDER BY backend_start DESC LIMIT 1`,
    );
    return rows[0];
  };

  it('sends both at once, and answers what the statement answers', async () => {
    await write('known before');
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    network.stall('answers');
    const answer = runner.query(`${CLAIM} RETURNING value`, ['test', 'at once', 'stream']);
    await eventually(async () =>
      expect(await session()).toEqual({ state: 'idle in transaction', query: `${CLAIM} RETURNING value` }),
    );
    network.restore();
    expect(await answer).toEqual([{ value: 'at once' }]);
    await runner.rollbackTransaction();
    await runner.release();
    expect(await isWritten('at once')).toBe(false);
  });

  it.each(['REPEATABLE READ', 'SERIALIZABLE'] as const)('is %s from its first statement', async (isolation) => {
    const [row] = await dataSource.transaction(isolation, (tx) =>
      tx.query<object[]>(`SELECT current_setting($1) AS is`, ['transaction_isolation']),
    );
    expect(row).toEqual({ is: isolation.toLowerCase() });
  });

  it('may have no statement, or none with parameters', async () => {
    await dataSource.transaction(() => Promise.resolve());
    const rows = await dataSource.transaction((tx) => tx.query<object[]>('SELECT 1 AS one'));
    expect(rows).toEqual([{ one: 1 }]);
    expect(await session()).toMatchObject({ state: 'idle' });
  });

  it('is rolled back when its first statement fails, and the connection goes on', async () => {
    await write('twice');
    await expect(write('twice')).rejects.toThrow('duplicate key');
    expect(await session()).toMatchObject({ state: 'idle' });
    await write('after a failure');
    expect(await isWritten('after a failure')).toBe(true);
  });

  describe('that cannot begin', () => {
    it('commits nothing of its first statement', async () => {
      const other = await open();
      await write('known', other);
      await other.query('DEALLOCATE "begin"');
      await expect(write('by itself', other)).rejects.toThrow('"begin" does not exist');
      expect(await isWritten('by itself')).toBe(false);
      await other.destroy();
    });

    it('would commit it, if the two were only sent one after the other', async () => {
      const client = new Client({ connectionString: database.url, options: '-c search_path=service' });
      await client.connect();
      await expect(client.query('START TRANSACTION READ SOMETIMES')).rejects.toThrow('syntax error');
      await client.query(CLAIM, ['test', 'one after the other', 'stream']);
      expect(await isWritten('one after the other')).toBe(true);
      await client.end();
    });
  });

  describe('of an append whose connection breaks', () => {
    const append = async (streamId: string, within?: (tx: EntityManager) => Promise<void>): Promise<unknown> =>
      new PostgresEventStore(dataSource)
        .append({ streamId, expected: 'no_stream', events: [happened()], meta, ...(within && { within }) })
        .catch((error: unknown) => error);
    const readModel = (streamId: string) => async (tx: EntityManager) => {
      await tx.query(CLAIM, ['read model', streamId, streamId]);
    };
    const counts = async (streamId: string): Promise<object | undefined> => {
      const { rows } = await observer.query<object>(
        `SELECT (SELECT count(*)::integer FROM events WHERE stream_id = $1) AS events,
                (SELECT count(*)::integer FROM outbox WHERE stream_id = $1) AS outbox,
                (SELECT count(*)::integer FROM claims WHERE stream_id = $1) AS "readModel"`,
        [streamId],
      );
      return rows[0];
    };
    /** Cuts the connection when the server has done `query`, whose answer is held back. */
    const breaksAfter = async (query: string, state: string, appended: Promise<unknown>): Promise<void> => {
      await eventually(async () => expect(await session()).toEqual({ state, query: expect.stringContaining(query) }));
      network.cut();
      expect(await appended).toMatchObject({ code: 'service.unavailable' });
      network.restore();
    };
    /** Answers are held back from the failpoint on; resolves there. */
    const stalledBeforeCommit = () =>
      new Promise<void>((reached) => {
        atFailpoint('append.before_commit', async () => {
          network.stall('answers');
          reached();
        });
      });
    /** The connection is a new one for each test, and knows what it is to send. */
    beforeEach(async () => {
      const streamId = randomUUID();
      expect(await append(streamId, readModel(streamId))).toHaveLength(1);
      const other = randomUUID();
      expect(await append(other, readModel(other))).toHaveLength(1);
    });

    it('at its first statement, nothing is written', async () => {
      const streamId = randomUUID();
      network.stall('answers');
      const appended = append(streamId, readModel(streamId));
      await breaksAfter('INSERT INTO events', 'idle in transaction', appended);
      expect(await counts(streamId)).toEqual({ events: 0, outbox: 0, readModel: 0 });
    });

    it('in its read model, nothing is written', async () => {
      const streamId = randomUUID();
      const appended = append(streamId, async (tx) => {
        network.stall('answers');
        await readModel(streamId)(tx);
      });
      await breaksAfter(CLAIM, 'idle in transaction', appended);
      expect(await counts(streamId)).toEqual({ events: 0, outbox: 0, readModel: 0 });
    });

    it('at its commit, everything is written', async () => {
      const streamId = randomUUID();
      const stalled = stalledBeforeCommit();
      const appended = append(streamId, readModel(streamId));
      await stalled;
      await breaksAfter('COMMIT', 'idle', appended);
      expect(await counts(streamId)).toEqual({ events: 1, outbox: 1, readModel: 1 });
    });

    it('at its only statement, everything is written', async () => {
      const streamId = randomUUID();
      const stalled = stalledBeforeCommit();
      const appended = append(streamId);
      await stalled;
      await breaksAfter('INSERT INTO events', 'idle', appended);
      expect(await counts(streamId)).toEqual({ events: 1, outbox: 1, readModel: 0 });
    });
  });
});
