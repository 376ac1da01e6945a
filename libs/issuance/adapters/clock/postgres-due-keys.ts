import { databaseFailure } from '@latchkey/event-store';
import { keyId, workspaceId } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import type {
  DueKey,
  DueKeys,
  DueRotation,
  ExpiringKey,
  ExpiryMark,
  ReminderDays,
} from '../../application/clock/ports';
import { keyListProjection, keyOf, type KeyListRow } from '../../projections/key-list.projection';

const DAY_MS = 24 * 3_600_000;
/** Clocks of nodes and of live state may differ by so much, at most. */
const SKEW_MS = 5_000;

/** In so many words, as the index has it. */
const EXPIRING = 'revoked_at IS NULL AND expired_at IS NULL AND expires_at IS NOT NULL';
const COLUMNS = keyListProjection.columns.map((column) => `key_list.${column}`).join(', ');

interface DueRow {
  readonly key_id: string;
  readonly workspace_id: string;
}

interface ExpiringRow extends DueRow {
  readonly expires_at: Date;
}

interface RotationRow extends KeyListRow {
  readonly last_used_at: Date | null;
  readonly look_at: Date;
}

const dueKey = (row: DueRow): DueKey => ({ keyId: keyId(row.key_id), workspaceId: workspaceId(row.workspace_id) });

export class PostgresDueKeys implements DueKeys {
  constructor(private readonly dataSource: DataSource) {}

  /** The lock is a transaction's own, so whoever is gone has given it up. */
  async alone(work: () => Promise<void>): Promise<boolean> {
    return this.#within('taking the turn of the clock', () =>
      this.dataSource.transaction(async (tx) => {
        const [turn] = await tx.query<{ mine: boolean }[]>(
          `SELECT pg_try_advisory_xact_lock(hashtextextended('latchkey.key_clock.' || current_schema(), 0)) AS mine`,
        );
        if (turn?.mine) await work();
        return turn?.mine === true;
      }),
    );
  }

  async expired(now: Date, limit: number): Promise<readonly DueKey[]> {
    const rows = await this.#query<DueRow>(
      `SELECT key_id, workspace_id FROM key_list WHERE ${EXPIRING} AND expires_at <= $1
        ORDER BY expires_at, key_id LIMIT $2`,
      [now, limit],
    );
    return rows.map(dueKey);
  }

  async expiringBy(days: ReminderDays, until: Date, now: Date, limit: number): Promise<readonly ExpiringKey[]> {
    const [mark] = await this.#query<{ expires_at: Date; key_id: string }>(
      'SELECT expires_at, key_id FROM reminder_mark WHERE days_before = $1',
      [days],
    );
    // What has expired meanwhile is passed by.
    const from = mark && mark.expires_at > now ? mark : { expires_at: now, key_id: '' };
    const rows = await this.#query<ExpiringRow>(
      `SELECT key_id, workspace_id, expires_at FROM key_list
        WHERE ${EXPIRING} AND (expires_at, key_id) > ($1, $2) AND expires_at <= $3
        ORDER BY expires_at, key_id LIMIT $4`,
      [from.expires_at, from.key_id, until, limit],
    );
    return rows.map((row) => ({ ...dueKey(row), expiresAt: row.expires_at }));
  }

  /** A mark that hardly moves is left where it is, so that no row is written every second. */
  async mark(days: ReminderDays, { expiresAt, keyId: id }: ExpiryMark): Promise<void> {
    await this.#query(
      `INSERT INTO reminder_mark AS mark (days_before, expires_at, key_id) VALUES ($1, $2, $3)
       ON CONFLICT (days_before) DO UPDATE SET expires_at = excluded.expires_at, key_id = excluded.key_id
         WHERE excluded.key_id <> '' OR mark.expires_at < excluded.expires_at - interval '1 minute'`,
      [days, expiresAt, id],
    );
  }

  async rotations(now: Date, limit: number): Promise<readonly DueRotation[]> {
    const rows = await this.#query<RotationRow>(
      `SELECT ${COLUMNS}, old_secret.look_at, key_last_used.last_used_at
         FROM old_secret JOIN key_list USING (key_id) LEFT JOIN key_last_used USING (key_id, secret_number)
        WHERE look_at <= $1 ORDER BY look_at, key_id LIMIT $2`,
      [now, limit],
    );
    return rows.map((row) => ({ key: keyOf(row), lastUsedAt: row.last_used_at, lookAt: row.look_at }));
  }

  async lookAgain({ key, lookAt }: DueRotation, at: Date | null): Promise<void> {
    if (at === null)
      await this.#query('DELETE FROM old_secret WHERE key_id = $1 AND look_at = $2', [key.keyId, lookAt]);
    else
      await this.#query('UPDATE old_secret SET look_at = $3 WHERE key_id = $1 AND look_at = $2', [
        key.keyId,
        lookAt,
        at,
      ]);
  }

  async heardUntil(now: Date): Promise<Date | null> {
    const since = new Date(now.getTime() - DAY_MS);
    const [row] = await this.#query<{ heard_until: Date | null }>(
      'SELECT min(heard_at) AS heard_until FROM decision_node WHERE heard_at > $1',
      [since],
    );
    return row?.heard_until ? new Date(row.heard_until.getTime() - SKEW_MS) : null;
  }

  async #query<Row>(statement: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
    return this.#within('asking for keys that are due', () => this.dataSource.query<Row[]>(statement, [...parameters]));
  }

  async #within<Answer>(doing: string, ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      throw databaseFailure(error, doing);
    }
  }
}
