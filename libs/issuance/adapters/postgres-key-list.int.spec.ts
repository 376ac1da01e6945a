import { workspaceId } from '@latchkey/kernel';
import { openDatabase } from '@latchkey/event-store';
import { freshDatabase, type FreshDatabase } from '@latchkey/testing';
import type { DataSource } from 'typeorm';
import type { KeyFilter, KeyListQuery, KeyOrder, KeyPosition, KeySort } from '../application/key-list-query';
import type { ListedKey } from '../application/ports';
import { issuanceMigrations } from './issuance-migrations';
import { PostgresKeyList } from './postgres-key-list';

const WORKSPACE = workspaceId('01900000-0000-7000-8000-0000000000e7');
const KEYS = 20_000;
const LIMIT = 50;

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

const nodesOf = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

describe('a page of a long list of keys', () => {
  let database: FreshDatabase;
  let dataSource: DataSource;
  let list: PostgresKeyList;
  const statements: { statement: string; parameters: unknown[] }[] = [];

  /** Every other key was used, every other one of these twice by two secrets; every third expires. */
  beforeAll(async () => {
    database = await freshDatabase();
    const { url } = database;
    dataSource = await openDatabase({
      url,
      schema: 'issuance',
      migrations: issuanceMigrations,
      applicationName: 'test',
    });
    const query = dataSource.query.bind(dataSource);
    await query(
      `INSERT INTO key_list (key_id, workspace_id, display_id, user_id, name, scopes, scopes_as_sent, allowed_ips, assets, plan,
                             secrets, last_secret_number, created_at, expires_at)
       SELECT 'k' || lpad(n::text, 6, '0'), $1, 'key-' || n, 'u', md5(n::text), '[]', '[]', '[]', '"all"', 'standard',
              jsonb_build_array(jsonb_build_object('number', 1, 'grace_until', null,
                'created_at', to_char(timestamp '2026-01-01' + n * interval '1 s', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))), 1,
              timestamptz '2026-01-01Z' + n * interval '1 s',
              CASE WHEN n % 3 = 0 THEN timestamptz '2027-01-01Z' + n * interval '1 s' END
         FROM generate_series(1, ${KEYS}) n`,
      [WORKSPACE],
    );
    await query(
      `INSERT INTO key_last_used (key_id, secret_number, last_used_at, workspace_id)
       SELECT 'k' || lpad(n::text, 6, '0'), number, timestamptz '2026-06-01Z' + (n + number) * interval '1 s', $1
         FROM generate_series(2, ${KEYS}, 2) n, generate_series(1, 2) number WHERE number = 1 OR n % 4 = 0`,
      [WORKSPACE],
    );
    await query('VACUUM ANALYZE key_list, key_last_used');
    list = new PostgresKeyList({
      query: (statement, parameters) => {
        statements.push({ statement, parameters: parameters as unknown[] });
        return query(statement, parameters);
      },
    });
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const asked = (order: KeyOrder): KeyListQuery => ({
    ...{ reach: { workspaceId: WORKSPACE, userId: null, admin: true }, filter: {}, liveOnly: true, now: new Date() },
    ...{ order, limit: LIMIT },
  });
  const VALUES: Readonly<Record<KeySort, (key: ListedKey) => string | null>> = {
    created: ({ createdAt }) => createdAt.toISOString(),
    name: ({ name }) => name,
    expires: ({ expiresAt }) => expiresAt?.toISOString() ?? null,
    last_used: ({ lastUsedAt }) => lastUsedAt?.toISOString() ?? null,
    secret: ({ secrets }) => secrets[0]?.createdAt.toISOString() ?? null,
  };

  /** Keys on the page, and rows that had to be looked at for it. */
  async function cost(query: KeyListQuery, position: KeyPosition | null) {
    statements.length = 0;
    const { length: found } = await list.after(query, position);
    let looked = 0;
    for (const { statement, parameters } of [...statements]) {
      const [
        {
          'QUERY PLAN': [{ Plan: plan }],
        },
      ] = await dataSource.query(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${statement}`, parameters);
      const scans = nodesOf(plan as Plan).filter((node) => node['Relation Name'] !== undefined);
      for (const scan of scans)
        looked += (scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0)) * scan['Actual Loops'];
    }
    return { found, looked };
  }

  it.each(
    (['created', 'name', 'expires', 'last_used', 'secret'] as const).flatMap((by) =>
      (['asc', 'desc'] as const).map((direction) => ({ by, direction })),
    ),
  )('by $by, $direction, costs the same in the middle as at the beginning', async (order) => {
    // Two that are next to each other, as one of them was used and the other was not.
    const middle = await list.skipping(asked(order), 2, KEYS / 2);
    const positions = middle.map((key) => ({ value: VALUES[order.by](key), id: key.keyId }));
    expect(positions).toHaveLength(2);
    for (const begin of [null, ...positions]) {
      const { found, looked } = await cost(asked(order), begin);
      expect(found).toBe(LIMIT);
      expect(looked).toBeLessThan(LIMIT * 6);
    }
  });

  it.each<[string, KeyFilter, number]>([
    ['will soon expire', { expiresBefore: new Date('2027-01-01T00:01:01Z') }, 20],
    ['expire last of all', { expiresAfter: new Date('2027-01-01T05:32:00Z') }, 26],
    ['were used long ago', { lastUsedBefore: new Date('2026-06-01T00:00:31Z') }, 14],
    ['were used of late', { lastUsedAfter: new Date('2026-06-01T05:33:00Z') }, 11],
    ['were not used for long', { unusedSince: new Date('2026-01-01T00:00:31Z') }, 15],
    ['were revoked', { status: 'revoked' }, 0],
    ['are suspended', { status: 'suspended' }, 0],
    ['are expired', { status: 'expired' }, 0],
  ])('of those few that %s costs little', async (_, filter, count) => {
    const query = { ...asked({ by: 'created', direction: 'desc' }), liveOnly: false, filter };
    const { found, looked } = await cost(query, null);
    expect(found).toBe(count);
    expect(looked).toBeLessThan(LIMIT * 10);
  });

  it('has a total as far as keys are counted, and none beyond', async () => {
    const all = asked({ by: 'created', direction: 'desc' });
    const filter = { createdBefore: new Date('2026-01-01T00:00:11Z') };
    expect(await list.count({ ...all, filter }, 10)).toBe(10);
    expect(await list.count({ ...all, filter }, 9)).toBeNull();
    expect(await list.count(all, KEYS)).toBe(KEYS);
  });
});
