import type { Clock } from '@latchkey/kernel';
import { seal } from '@latchkey/platform';
import type { DataSource, EntityManager } from 'typeorm';
import type { TelemetryBatch } from '../application/telemetry-batch';
import type { DecisionLog, RecordOutcome } from '../application/ports';
import { erasedAmong } from './erased-users';
import { recordOnce } from './position-ranges';
import type { WorkspaceKeys } from './workspace-keys';

/** Of a node whose first event is missing. */
const HEARTBEAT_MS = 10_000;
const PRUNED_AT_ONCE = 1_000;

/** What a part belongs to: it opens nowhere else. */
export const contextOfPart = (source: string, position: string, workspaceId: string): string =>
  JSON.stringify([source, position, workspaceId]);

export class PostgresDecisionLog implements DecisionLog {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: WorkspaceKeys,
    private readonly clock: Clock,
  ) {}

  record(batch: TelemetryBatch, size: number): Promise<RecordOutcome> {
    const { source, position } = batch.event;
    return recordOnce(this.dataSource, {
      ...{ source, position, clock: this.clock, what: 'recording decisions' },
      write: async (tx) => {
        const conflict = await conflictOf(tx, batch);
        if (conflict === null) await this.insert(tx, batch, size);
        return conflict;
      },
    });
  }

  async prune(time: Date): Promise<void> {
    let pruned: number;
    do {
      const rows = await this.dataSource.query<[unknown[], number]>(
        `DELETE FROM decision_batches WHERE (source, position) IN
           (SELECT source, position FROM decision_batches WHERE recorded_at < $1 ORDER BY recorded_at LIMIT ${PRUNED_AT_ONCE})`,
        [time],
      );
      pruned = rows[1];
    } while (pruned === PRUNED_AT_ONCE);
    // Together with its positions: nothing of it is left that could be complete or not.
    await this.dataSource.query(
      `WITH gone AS (DELETE FROM decision_sources WHERE last_seen_at < $1 RETURNING source)
       DELETE FROM position_ranges USING gone WHERE position_ranges.source = gone.source`,
      [time],
    );
  }

  private async insert(tx: EntityManager, { event, parts, ...batch }: TelemetryBatch, size: number): Promise<void> {
    const { source, position, id, type } = event;
    const now = this.clock.now();
    const entries = parts.reduce((sum, part) => sum + part.entries, 0);
    await tx.query('INSERT INTO decision_batches VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
      ...[source, position, id, type, entries, batch.span?.first, batch.span?.last, size, now],
    ]);
    await this.insertParts(tx, { event, parts });
    await tx.query(
      `INSERT INTO decision_sources VALUES ($1, $2, $3, coalesce($4, ${HEARTBEAT_MS}), $5, $6, $7)
       ON CONFLICT (source) DO UPDATE SET
         heartbeat_ms = coalesce($4, decision_sources.heartbeat_ms),
         last_seen_at = greatest(decision_sources.last_seen_at, $5),
         stopped = decision_sources.stopped OR $6,
         dropped = greatest(decision_sources.dropped, $7)`,
      [source, batch.node, batch.boot, batch.heartbeatMs, now, batch.isLast, batch.dropped],
    );
  }

  private async insertParts(tx: EntityManager, { event, parts: told }: Pick<TelemetryBatch, 'event' | 'parts'>) {
    const { source, position } = event;
    const erased = await erasedAmong(
      tx,
      told.flatMap(({ userId }) => userId ?? []),
    );
    const parts = told.filter(({ userId }) => userId === null || !erased.has(userId));
    const keys = await this.keys.of(tx, [...new Set(parts.map(({ workspaceId }) => workspaceId))]);
    for (const { workspaceId, kind, userId, entries, denied, span, content } of parts) {
      const key = keys.get(workspaceId);
      // Somebody erased the workspace this very moment.
      if (key === undefined) throw new Error('a workspace has no key');
      const sealed = seal(key, Buffer.from(content), contextOfPart(source, position, workspaceId));
      await tx.query(
        `INSERT INTO decision_parts (source, position, workspace_id, decisions, content, kind, user_id, denied, first_at, last_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [source, position, workspaceId, entries, sealed, kind, userId, denied, span?.first, span?.last],
      );
    }
  }
}

/** A position that is known and has no batch any more was pruned. */
async function conflictOf(tx: EntityManager, { event }: TelemetryBatch): Promise<RecordOutcome | null> {
  const { source, position, id } = event;
  const [found] = await tx.query<{ known: boolean; same: boolean; other: boolean }[]>(
    `SELECT EXISTS (SELECT FROM position_ranges WHERE source = $1 AND $2::bigint BETWEEN first_position AND last_position) AS known,
            EXISTS (SELECT FROM decision_batches WHERE source = $1 AND position = $2 AND event_id = $3) AS same,
            EXISTS (SELECT FROM decision_batches
                    WHERE source = $1 AND (position = $2 OR event_id = $3) AND NOT (position = $2 AND event_id = $3)) AS other`,
    [source, position, id],
  );
  if (found?.other === true) return 'contradiction';
  return found?.known === true ? 'duplicate' : null;
}
