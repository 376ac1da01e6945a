import { secretNumberOf } from '@latchkey/contracts';
import { databaseFailure, type RecordedEvent } from '@latchkey/event-store';
import { userId, workspaceId } from '@latchkey/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import type { Leak, LeakedSecretNow, LeakPlace, LeakPolicy, LeakQuery, Leaks } from '../../application/leaks/ports';
import type { KeyListPosition } from '../../application/ports';
import { keyLeakProjection, type KeyLeakRow } from '../../projections/key-leak.projection';
import type { KeyListRow } from '../../projections/key-list.projection';

const COLUMNS = keyLeakProjection.columns.join(', ');
const SELECT = `SELECT ${keyLeakProjection.columns.map((column) => `l.${column}`).join(', ')},
    k.secrets, k.expires_at, k.suspended_at, u.last_used_at
  FROM key_leak l
  JOIN key_list k ON k.key_id = l.key_id
  LEFT JOIN key_last_used u ON u.key_id = l.key_id AND u.secret_number = substring(l.secret_id FROM '[0-9]+$')::integer
  WHERE l.workspace_id = $1 AND ($2::text IS NULL OR l.user_id = $2)`;

type LeakRow = KeyLeakRow &
  Pick<KeyListRow, 'secrets' | 'expires_at' | 'suspended_at'> & { readonly last_used_at: Date | null };

/** Reports in issuance's schema. */
export class PostgresLeaks implements Leaks {
  constructor(private readonly dataSource: DataSource) {}

  placesOf(keyId: string, secretId: string): Promise<readonly (LeakPlace & { readonly policy: LeakPolicy })[]> {
    return this.#query('SELECT url, source, policy FROM key_leak WHERE key_id = $1 AND secret_id = $2', [
      keyId,
      secretId,
    ]);
  }

  async find({ reach, now }: LeakQuery, leakId: string): Promise<Leak | null> {
    const [row] = await this.#query<LeakRow>(`${SELECT} AND l.leak_id = $3`, [reach.workspaceId, reach.userId, leakId]);
    return row ? leakOf(row, now) : null;
  }

  async after({ reach, now }: LeakQuery, position: KeyListPosition | null, limit: number): Promise<readonly Leak[]> {
    const from = position ? 'AND (l.reported_at, l.leak_id) < ($4, $5)' : '';
    const rows = await this.#query<LeakRow>(`${SELECT} ${from} ORDER BY l.reported_at DESC, l.leak_id DESC LIMIT $3`, [
      reach.workspaceId,
      reach.userId,
      limit,
      ...(position ? [position.at, position.id] : []),
    ]);
    return rows.map((row) => leakOf(row, now));
  }

  async #query<Row>(statement: string, parameters: unknown[]): Promise<readonly Row[]> {
    try {
      return await this.dataSource.query<Row[]>(statement, parameters);
    } catch (error) {
      throw databaseFailure(error, 'reading reports of leaks');
    }
  }
}

/** Writes what the events say of leaks, in the transaction that appends them. */
export async function writeLeaks(tx: EntityManager, recorded: readonly RecordedEvent[]): Promise<void> {
  const rows = recorded.reduce<readonly KeyLeakRow[]>((before, event) => keyLeakProjection.project(before, event), []);
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO key_leak (${COLUMNS}) SELECT ${COLUMNS} FROM jsonb_populate_recordset(NULL::key_leak, $1::jsonb)`,
    [JSON.stringify(rows)],
  );
}

const leakOf = (row: LeakRow, now: Date): Leak => ({
  leakId: row.leak_id,
  workspaceId: workspaceId(row.workspace_id),
  keyId: row.key_id,
  keyName: row.key_name,
  userId: userId(row.user_id),
  secretId: row.secret_id,
  reporter: row.reporter,
  source: row.source,
  url: row.url,
  policy: row.policy,
  reportedAt: row.reported_at,
  secret: secretNow(row, now),
});

/** A revoked key has no secrets. */
function secretNow(row: LeakRow, now: Date): LeakedSecretNow {
  const secret = row.secrets.find(({ number }) => number === secretNumberOf(row.secret_id));
  const ends = [secret?.grace_until ?? null, row.expires_at].flatMap((end) =>
    end === null ? [] : [new Date(end).getTime()],
  );
  const endsAt = ends.length === 0 ? null : new Date(Math.min(...ends));
  const lastUsedAt = row.last_used_at;
  if (!secret || (endsAt !== null && endsAt <= now)) return { status: 'ended', endsAt: null, lastUsedAt };
  return { status: row.suspended_at === null ? 'live' : 'suspended', endsAt, lastUsedAt };
}
