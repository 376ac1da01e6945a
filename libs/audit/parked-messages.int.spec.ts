import { Writable } from 'node:stream';
import { TOPICS } from '@latchkey/contracts';
import type { DeliveredMessage } from '@latchkey/event-bus';
import { openDatabase } from '@latchkey/event-store';
import { Secret } from '@latchkey/kernel';
import { createLogger } from '@latchkey/platform';
import { FakeClock, freshDatabase, type FreshDatabase } from '@latchkey/testing';
import { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { auditMigrations } from './adapters/migrations';
import { PostgresParkedMessages } from './adapters/parked-messages';
import { parkedPrunedReport } from './adapters/parked-pruned';
import { PostgresDecisionLog } from './adapters/postgres-decision-log';
import { WorkspaceKeys } from './adapters/workspace-keys';
import { PruneDecisions } from './application/prune-decisions';

const IP = '203.0.113.77';

describe('messages that cannot be read', () => {
  const clock = new FakeClock('2026-01-01T00:00:00.000Z');
  const masterKey = new Secret('0123456789abcdef0123456789abcdef');
  let database: FreshDatabase;
  let dataSource: DataSource;
  let parked: PostgresParkedMessages;

  beforeEach(async () => {
    clock.set('2026-01-01T00:00:00.000Z');
    database = await freshDatabase();
    dataSource = await openDatabase({
      ...{ url: database.url, schema: 'audit', migrations: auditMigrations },
      ...{ applicationName: 'audit-test', poolSize: 2 },
    });
    parked = new PostgresParkedMessages(dataSource, masterKey, clock);
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const DAY_MS = 86_400_000;
  const broken = (offset: string, topic: string = TOPICS.decisions): DeliveredMessage => ({
    ...{ topic, key: 'k', partition: 0, offset },
    value: Buffer.from(`{"ip":"${IP}"`),
  });
  const valuesAt = (place: DeliveredMessage) =>
    dataSource.query<{ value: Buffer }[]>('SELECT value FROM parked_messages WHERE place = $1', [place.offset]);
  const places = async () => (await parked.list()).map(({ offset }) => offset);

  it('show no address to who reads the tables, and open for whoever has the master key', async () => {
    await parked.park(broken('7'), 'not JSON');
    await parked.park(broken('7'), 'once more');
    const [row] = await valuesAt(broken('7'));
    expect(row?.value.includes(IP)).toBe(false);
    expect(await parked.list()).toEqual([
      { topic: TOPICS.decisions, partition: 0, offset: '7', reason: 'not JSON', parkedAt: clock.now() },
    ]);
    expect(await parked.read(broken('7'))).toEqual(broken('7').value);
    expect(await parked.read(broken('8'))).toBeNull();
    const stranger = new PostgresParkedMessages(dataSource, new Secret('f'.repeat(32)), clock);
    await expect(stranger.read(broken('7'))).rejects.toThrow();
  });

  it('open only as what they are: not as another message', async () => {
    await parked.park(broken('7'), 'not JSON');
    await dataSource.query('UPDATE parked_messages SET place = 8');
    await expect(parked.read(broken('8'))).rejects.toThrow();
  });

  it('are shown as they are when they were parked before messages were encrypted', async () => {
    await dataSource.query("INSERT INTO parked_messages VALUES ($1, 0, 7, $2, 'not JSON')", [
      TOPICS.decisions,
      broken('7').value,
    ]);
    expect(await parked.read(broken('7'))).toEqual(broken('7').value);
  });

  it('are deleted after their time, and told of; those of commands never', async () => {
    const metrics = new Registry();
    let logged = '';
    const destination = new Writable({
      write(chunk, _, done) {
        logged += String(chunk);
        done();
      },
    });
    const prune = new PruneDecisions({
      decisions: new PostgresDecisionLog(dataSource, new WorkspaceKeys(masterKey), clock),
      ...{ parked, clock, decisionsKeptDays: 90, parkedKeptDays: 30 },
      onParkedPruned: parkedPrunedReport(metrics, createLogger({ service: 'audit', destination })),
    });
    const counted = async () => (await metrics.getSingleMetric('latchkey_audit_parked_pruned_total')?.get())?.values;
    await parked.park(broken('1'), 'not JSON');
    await parked.park(broken('2', TOPICS.keys), 'not JSON');
    clock.advance(30 * DAY_MS);
    await parked.park(broken('3'), 'not JSON');
    await prune.execute();
    expect(await places()).toEqual(['1', '2', '3']);
    expect([await counted(), logged]).toMatchObject([[{ value: 0 }], '']);
    clock.advance(1);
    await prune.execute();
    await prune.execute();
    expect(await places()).toEqual(['2', '3']);
    expect(await counted()).toMatchObject([{ value: 1 }]);
    expect(logged).toMatch(/parked messages of decisions were deleted/);
  });
});
