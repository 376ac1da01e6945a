import { Client } from 'pg';

/** Of a table: what a copy has instead of what the row has that it is made of, by column. `row` is that row, `n` the number of the copy, from 1. */
type Differences = Readonly<Record<string, string>>;

const KEY_ID = `'01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0')`;
/** No two are alike, and they come in no order, as those that are drawn. */
const DISPLAY_ID = `'key-' || lpad(to_hex((n::bigint * 2654435761) % 4294967296), 8, '0')`;

interface CopiedTable {
  readonly name: string;
  /** Finds the row of key `$1`. */
  readonly where: string;
  readonly differences: Differences;
}

/**
 * All that creating a key writes, but its place in the order of events, which it has later. One key a minute, the last of them just before the one
 * that they are made of; a third expires at some time between half a year and two years and a half from now.
 */
const TABLES: readonly CopiedTable[] = [
  {
    name: 'key_list',
    where: 'key_id = $1',
    differences: {
      key_id: KEY_ID,
      display_id: DISPLAY_ID,
      name: `'Nightly export ' || left(md5(n::text), 8)`,
      created_at: `row.created_at - ($2 - n + 1) * interval '1 minute'`,
      expires_at: `CASE WHEN n % 3 = 0 THEN row.created_at + interval '180 days' + (n::bigint * 2654435761) % 730 * interval '1 day' END`,
    },
  },
  {
    name: 'credential_digest',
    where: 'key_id = $1',
    differences: { key_id: KEY_ID, digest: `sha256((${KEY_ID})::bytea)` },
  },
  { name: 'subject_state', where: `kind = 'key' AND id = $1`, differences: { id: KEY_ID } },
  {
    name: 'events',
    where: 'stream_id = $1 AND version = 1',
    differences: { stream_id: KEY_ID, event_id: 'gen_random_uuid()' },
  },
  {
    name: 'claims',
    where: `stream_id = $1 AND scope LIKE 'key\\_display\\_id:%'`,
    differences: { stream_id: KEY_ID, value: DISPLAY_ID },
  },
];

const USED = `
  INSERT INTO key_last_used (key_id, secret_number, last_used_at, workspace_id)
  SELECT ${KEY_ID}, 1, now() - (n::bigint * 2654435761) % 86400 * interval '1 minute', workspace_id
    FROM key_list, generate_series(2, $2::integer, 2) n WHERE key_id = $1`;

const COUNTED = `
  INSERT INTO key_count (workspace_id, slot, live)
  SELECT workspace_id, key_count_slot(key_id), count(*) FROM key_list WHERE revoked_at IS NULL GROUP BY 1, 2
  ON CONFLICT (workspace_id, slot) DO UPDATE SET live = excluded.live`;

/** An `INSERT` of `$2` copies of the row of key `$1`. @throws Error that names a difference in a column which the table does not have */
export function copying({ name, where, differences }: CopiedTable, columns: readonly string[]): string {
  const unknown = Object.keys(differences).find((column) => !columns.includes(column));
  if (unknown !== undefined) throw new Error(`${name} has no column ${unknown}`);
  const values = columns.map((column) => differences[column] ?? `row.${column}`);
  return `
    INSERT INTO ${name} (${columns.join(', ')})
    SELECT ${values.join(', ')} FROM (SELECT * FROM ${name} WHERE ${where}) row, generate_series(1, $2::integer) n`;
}

/**
 * Fills issuance's schema with copies of a key, so many, in the key's workspace. Nobody else may write there meanwhile. Nobody has the copies'
 * secrets, and their first events tell of the key that they are made of: only what never reads them can be measured.
 */
export async function fillKeys(databaseUrl: string, keyId: string, count: number): Promise<void> {
  const client = await issuanceDatabase(databaseUrl);
  try {
    // What is lost in a crash can be filled again.
    await client.query(`SET synchronous_commit = off; SET maintenance_work_mem = '256MB'`);
    for (const table of TABLES) {
      const indexes = await indexesOf(client, table.name);
      // Built from all rows at once they take a third of the time.
      for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
      await client.query(copying(table, await columnsOf(client, table.name)), [keyId, count]);
      for (const { definition } of indexes) await client.query(definition);
    }
    await client.query(USED, [keyId, count]);
    await client.query(COUNTED);
    // As a database is that has grown to this: what it knows of its tables is up to date, and what it has written is on disk.
    await client.query('VACUUM ANALYZE');
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}

/** The key that has so many newer ones in its workspace: when it was created, and its id. @throws Error when there are not so many */
export async function keyBehind(
  databaseUrl: string,
  workspaceId: string,
  newer: number,
): Promise<{ readonly createdAt: Date; readonly keyId: string }> {
  const client = await issuanceDatabase(databaseUrl);
  try {
    const { rows } = await client.query<{ createdAt: Date; keyId: string }>(
      `SELECT created_at AS "createdAt", key_id AS "keyId" FROM key_list WHERE workspace_id = $1
        ORDER BY created_at DESC, key_id DESC LIMIT 1 OFFSET $2`,
      [workspaceId, newer],
    );
    if (rows[0] === undefined) throw new Error(`the workspace does not have ${newer + 1} keys`);
    return rows[0];
  } finally {
    await client.end();
  }
}

/** Processes of Postgres that work for issuance: their ids where Postgres runs. */
export async function backendsOf(databaseUrl: string): Promise<readonly number[]> {
  const client = await issuanceDatabase(databaseUrl);
  try {
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'latchkey-issuance'`,
    );
    return rows.map(({ pid }) => pid);
  } finally {
    await client.end();
  }
}

async function issuanceDatabase(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString, options: '-c search_path=issuance', connectionTimeoutMillis: 10_000 });
  await client.connect();
  return client;
}

interface Index {
  readonly name: string;
  readonly definition: string;
}

/** Those of a table but what its constraints have. */
async function indexesOf(client: Client, table: string): Promise<readonly Index[]> {
  const { rows } = await client.query<Index>(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
      WHERE schemaname = 'issuance' AND tablename = $1
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)`,
    [table],
  );
  return rows;
}

/** Those that a row is given: not what is computed. */
async function columnsOf(client: Client, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns
      WHERE table_schema = 'issuance' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position`,
    [table],
  );
  return rows.map(({ name }) => name);
}
