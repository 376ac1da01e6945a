import type { EntityManager } from 'typeorm';
import { select } from '../postgres/sql';
import { storable } from './incoming-event';

export interface AggregateProgress {
  /** The last version applied; 0: none. */
  readonly version: number;
  /** An event of it is parked; what comes after is parked behind. */
  readonly degraded: boolean;
}

export interface ParkedEvent {
  /** Parked events of one aggregate are in the order of these, as decimal strings. */
  readonly id: string;
  readonly aggregateId: string;
  /** `null`: the message was not readable. */
  readonly version: number | null;
  readonly reason: string;
  readonly parkedAt: Date;
}

interface ParkedRow {
  readonly id: string;
  readonly aggregate_id: string;
  readonly version: number | null;
  readonly reason: string;
  readonly parked_at: Date;
}

/** How far one projection is with each aggregate, and what it could not take (`projectionMigrations`). */
export class ProjectionProgress {
  constructor(private readonly projection: string) {}

  /** Locked until the transaction ends, so that an aggregate's events are applied one at a time. */
  async lock(tx: EntityManager, aggregateId: string): Promise<AggregateProgress> {
    const [row] = await select<AggregateProgress>(
      tx,
      `INSERT INTO projection_progress AS p (projection, aggregate_id) VALUES ($1, $2)
       ON CONFLICT (projection, aggregate_id) DO UPDATE SET version = p.version RETURNING version, degraded`,
      [this.projection, aggregateId],
    );
    return row ?? { version: 0, degraded: false };
  }

  /** @param asOf time of the last event applied */
  async advance(tx: EntityManager, aggregateId: string, version: number, asOf: Date): Promise<void> {
    await tx.query(
      'UPDATE projection_progress SET version = $3, as_of = greatest(as_of, $4) WHERE projection = $1 AND aggregate_id = $2',
      [this.projection, aggregateId, version, asOf],
    );
  }

  async park(
    tx: EntityManager,
    parked: { aggregateId: string; version: number | null; value: Buffer; reason: string },
  ): Promise<void> {
    await tx.query('UPDATE projection_progress SET degraded = true WHERE projection = $1 AND aggregate_id = $2', [
      this.projection,
      parked.aggregateId,
    ]);
    await tx.query(
      `INSERT INTO parked_events (projection, aggregate_id, version, value, reason) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (projection, aggregate_id, digest) DO NOTHING`,
      [this.projection, parked.aggregateId, parked.version, parked.value, storable(parked.reason)],
    );
  }

  /** Takes out what is applied by now, and messages that could not be read: the owner's stream has stood in for them. */
  async unpark(tx: EntityManager, aggregateId: string, version: number): Promise<boolean> {
    await tx.query(
      `DELETE FROM parked_events
        WHERE projection = $1 AND aggregate_id = $2 AND (version IS NULL OR version <= $3)`,
      [this.projection, aggregateId, version],
    );
    const [mended] = await select(
      tx,
      `WITH mended AS (
         UPDATE projection_progress SET degraded = false
          WHERE projection = $1 AND aggregate_id = $2
            AND NOT EXISTS (SELECT FROM parked_events WHERE projection = $1 AND aggregate_id = $2)
         RETURNING 1)
       SELECT * FROM mended`,
      [this.projection, aggregateId],
    );
    return mended !== undefined;
  }

  /** The reason of an aggregate's first parked event: what its retry ended with. */
  async explain(tx: EntityManager, aggregateId: string, reason: string): Promise<void> {
    await tx.query(
      `UPDATE parked_events SET reason = $3 WHERE id =
         (SELECT min(id) FROM parked_events WHERE projection = $1 AND aggregate_id = $2)`,
      [this.projection, aggregateId, storable(reason)],
    );
  }

  async parked(tx: EntityManager, limit: number): Promise<readonly ParkedEvent[]> {
    const rows = await select<ParkedRow>(
      tx,
      `SELECT id, aggregate_id, version, reason, parked_at FROM parked_events WHERE projection = $1 ORDER BY id LIMIT $2`,
      [this.projection, limit],
    );
    return rows.map((row) => ({
      id: row.id,
      aggregateId: row.aggregate_id,
      version: row.version,
      reason: row.reason,
      parkedAt: row.parked_at,
    }));
  }

  async degraded(tx: EntityManager, aggregateIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await select<{ aggregate_id: string }>(
      tx,
      'SELECT aggregate_id FROM projection_progress WHERE projection = $1 AND degraded AND aggregate_id = ANY($2)',
      [this.projection, aggregateIds],
    );
    return new Set(rows.map((row) => row.aggregate_id));
  }

  async asOf(tx: EntityManager): Promise<Date | null> {
    const [row] = await select<{ as_of: Date | null }>(
      tx,
      'SELECT max(as_of) AS as_of FROM projection_progress WHERE projection = $1',
      [this.projection],
    );
    return row?.as_of ?? null;
  }
}
