import type { SubjectKind } from '@latchkey/contracts';
import { dedicatedConnection } from '@latchkey/event-store';
import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { liveStateTiming, type LiveStateTiming } from '../timing';

export interface PendingRow {
  readonly rowId: string;
  readonly kind: SubjectKind;
  readonly id: string;
  readonly version: number;
  readonly workspaceId: string | null;
}

/** What is known of a shard's fence. `over`: the wait after the last possible renewal has passed, by the clock of Postgres. */
export interface LastRenewal {
  readonly incarnation: string;
  readonly over: boolean;
}

/**
 * The leader's side of Postgres. One connection of its own holds the advisory lock and does all the work: whoever lost the lock lost
 * the connection, so nothing that a former leader still tries can be written.
 */
export class RenewalSession {
  #leading = false;

  private constructor(private readonly client: Client) {}

  /** The lock is that of the data source's schema: one leader per owner. */
  static async open(dataSource: DataSource, timing: LiveStateTiming = liveStateTiming()): Promise<RenewalSession> {
    const client = await dedicatedConnection(dataSource, {
      role: 'renewer',
      statementTimeoutMs: Math.max(timing.leaseMs, timing.commandTimeoutMs),
      // A leader that is paused for long loses the lead
      idleSessionTimeoutMs: 10 * timing.leaseMs,
    });
    return new RenewalSession(client);
  }

  /** Whether this session is the leader, now or from now on. */
  async lead(): Promise<boolean> {
    if (this.#leading) return true;
    const { rows } = await this.client.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_lock(hashtextextended('live-state renewer ' || current_schema(), 0)) AS locked`,
    );
    return (this.#leading = rows[0]?.locked ?? false);
  }

  async pending(): Promise<readonly PendingRow[]> {
    const { rows } = await this.client.query<PendingRow>(
      `SELECT id AS "rowId", kind, subject_id AS id, version, workspace_id AS "workspaceId" FROM pending_invalidation`,
    );
    return rows;
  }

  async forget(rows: readonly PendingRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.client.query('DELETE FROM pending_invalidation WHERE id = ANY($1::bigint[])', [
      rows.map(({ rowId }) => rowId),
    ]);
  }

  async lastRenewal(shard: number, waitMs: number): Promise<LastRenewal | null> {
    const { rows } = await this.client.query<LastRenewal>(
      `SELECT incarnation, clock_timestamp() >= last_possible_at + $2 * interval '1 millisecond' AS over
       FROM fence_renewal WHERE shard = $1`,
      [shard, waitMs],
    );
    return rows[0] ?? null;
  }

  /** Before every renewal: from here on it may have happened. */
  async record(shard: number, incarnation: string): Promise<void> {
    await this.client.query(
      `INSERT INTO fence_renewal (shard, incarnation, last_possible_at) VALUES ($1, $2, clock_timestamp())
       ON CONFLICT (shard) DO UPDATE SET incarnation = excluded.incarnation, last_possible_at = excluded.last_possible_at`,
      [shard, incarnation],
    );
  }

  /** Gives the lock up with the connection. */
  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}
