import { openDatabase } from '@latchkey/event-store';
import { eventually, freshDatabase, startTcpProxy, type FreshDatabase } from '@latchkey/testing';
import { Client } from 'pg';
import { eventBusContract } from '../event-bus.contract';
import { openBus, silentLog, type OpenBus } from '../testing/open-bus';
import { versionOf, versions } from '../testing/versioned';
import { Forgetting } from './forgetting';
import { eventBusMigrations } from './migrations';

eventBusContract('Postgres', async () => {
  const database = await freshDatabase();
  const proxy = await startTcpProxy(database.url);
  return {
    address: { kind: 'postgres', url: database.url },
    spoilt: { address: { kind: 'postgres', url: proxy.url }, proxy },
    stop: async () => {
      await proxy.stop();
      await database.drop();
    },
  };
});

describe('PostgresEventBus', () => {
  let database: FreshDatabase;
  let open: OpenBus;
  let slow: Client;

  beforeEach(async () => {
    database = await freshDatabase();
    open = await openBus({ kind: 'postgres', url: database.url });
    slow = new Client({ connectionString: database.url, options: '-c search_path=event_bus' });
    await slow.connect();
    await open.bus.publish(versions('topic', 'key', 1, 1));
  });
  afterEach(async () => {
    await slow.end();
    await open.close();
    await database.drop();
  });

  const reader = async () => {
    const read: number[] = [];
    await open.bus.subscribe({
      group: 'reader',
      topics: ['topic'],
      handle: async (message) => void read.push(versionOf(message)),
      park: () => Promise.reject(new Error('nothing is poison here')),
    });
    return read;
  };
  const TAKE_PLACE = `UPDATE partitions SET next_place = next_place + 1 WHERE next_place > 0 RETURNING partition, next_place - 1 AS place`;
  const write = async ({ partition, place }: { partition: number; place: string }) =>
    slow.query(`INSERT INTO messages VALUES ('topic', $1, $2, 'key', '{"version":2}')`, [partition, place]);

  it('passes no message by that a slow transaction has written and not committed', async () => {
    const read = await reader();
    await slow.query('BEGIN');
    const { rows } = await slow.query<{ partition: number; place: string }>(TAKE_PLACE);
    for (const row of rows) await write(row);
    const published = open.bus.publish(versions('topic', 'key', 3, 3));
    await eventually(() => expect(read).toEqual([1]));
    await slow.query('COMMIT');
    await published;
    await eventually(() => expect(read).toEqual([1, 2, 3]));
  });

  it('would pass it by if the place were taken outside the transaction that writes', async () => {
    const read = await reader();
    const { rows } = await slow.query<{ partition: number; place: string }>(TAKE_PLACE);
    await slow.query('BEGIN');
    for (const row of rows) await write(row);
    await open.bus.publish(versions('topic', 'key', 3, 3));
    await eventually(() => expect(read.slice(0, 2)).toEqual([1, 3]));
    await slow.query('COMMIT');
    await eventually(() => expect(read.slice(2)).toContain(2));
  });

  it('forgets of a topic only what every group has, and only when it is old', async () => {
    const count = async () => {
      const { rows } = await slow.query<{ count: string }>('SELECT count(*) FROM messages');
      return Number(rows[0]?.count);
    };
    const dataSource = await openDatabase({
      url: database.url,
      schema: 'event_bus',
      migrations: eventBusMigrations,
      applicationName: 'forgetting-test',
    });
    const forgetting = new Forgetting({ dataSource, log: silentLog, topics: ['topic'] });
    const read = await reader();
    await eventually(() => expect(read).toEqual([1]));
    await slow.query(`INSERT INTO group_places SELECT 'late', topic, partition, 0 FROM partitions`);
    await forgetting.forget(0);
    expect(await count()).toBe(1);
    await slow.query(`UPDATE group_places SET next_place = 1 WHERE group_name = 'late'`);
    await forgetting.forget(60_000);
    expect(await count()).toBe(1);
    await eventually(async () => {
      await forgetting.forget(0);
      expect(await count()).toBe(0);
    });
    forgetting.stop();
    await dataSource.destroy();
  });

  it('keeps the number of partitions that a topic was made with', async () => {
    const { rows } = await slow.query<{ partitions: number }>('SELECT partitions FROM topics');
    expect(rows).toEqual([{ partitions: 6 }]);
  });
});
