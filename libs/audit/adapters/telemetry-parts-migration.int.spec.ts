import { openDatabase } from '@latchkey/event-store';
import { freshDatabase, type FreshDatabase } from '@latchkey/testing';
import { auditMigrations } from './migrations';
import { FindTelemetryParts1763683200204 } from './telemetry-parts-migration';

describe('the update that lets parts of batches be found', () => {
  let database: FreshDatabase;
  beforeEach(async () => {
    database = await freshDatabase();
  });
  afterEach(() => database.drop());

  const open = (migrations: readonly (typeof auditMigrations)[number][]) =>
    openDatabase({ url: database.url, schema: 'audit', migrations, applicationName: 'audit-test', poolSize: 2 });

  it('finds decisions of before as if all were denials, has no sign-ins of several people, and knows who is erased', async () => {
    const place = auditMigrations.indexOf(FindTelemetryParts1763683200204);
    const before = await open(auditMigrations.slice(0, place));
    await before.query(`
      INSERT INTO decision_batches VALUES
        ('d', 1, '1', 'latchkey.decisions.recorded.v1', 3, '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', 1, now()),
        ('s', 1, '1', 'latchkey.sign_ins.recorded.v1', 2, '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', 1, now()),
        ('d', 2, '2', 'latchkey.node.of_the_future.v1', 0, NULL, NULL, 1, now());
      INSERT INTO decision_parts VALUES
        ('d', 1, 'w1', 2, 'x'), ('d', 1, 'w2', 1, 'x'), ('s', 1, 'w1', 2, 'x'), ('d', 2, 'installation', 0, 'x');
      INSERT INTO audit_events VALUES
        ('i', 1, '1', 'latchkey.user.erased.v1', now(), 'u1', 'installation', 'operator', 'erase', '{}', now());
    `);
    await before.destroy();
    const after = await open(auditMigrations);
    const parts = await after.query<unknown[]>(
      'SELECT source, workspace_id, kind, user_id, decisions, denied, last_at FROM decision_parts ORDER BY position, workspace_id',
    );
    const found = { source: 'd', kind: 'decisions', user_id: null, last_at: new Date('2026-01-01T00:00:01Z') };
    expect(parts).toEqual([
      { ...found, workspace_id: 'w1', decisions: 2, denied: 2 },
      { ...found, workspace_id: 'w2', decisions: 1, denied: 1 },
      { ...found, workspace_id: 'installation', kind: null, decisions: 0, denied: 0, last_at: null },
    ]);
    expect(await after.query<unknown[]>('SELECT source, position FROM decision_batches')).toHaveLength(3);
    expect(await after.query<unknown[]>('SELECT user_id FROM erased_users')).toEqual([{ user_id: 'u1' }]);
    await after.undoLastMigration();
    expect(await after.query<unknown[]>('SELECT FROM decision_parts')).toHaveLength(3);
    await after.destroy();
  });
});
