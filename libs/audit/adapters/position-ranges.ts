import { databaseFailure, isDataRefused } from '@latchkey/event-store';
import { reach, type Clock } from '@latchkey/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import type { RecordOutcome } from '../application/ports';
import { joinPosition, type PositionRange } from '../application/positions';

interface RangeRow {
  readonly first_position: string;
  readonly last_position: string;
  readonly gap_since: Date;
}

const RANGE = 'SELECT first_position, last_position, gap_since FROM position_ranges WHERE source = $1';

/** What a source sends, and whether it is new. */
export interface Recording {
  readonly source: string;
  readonly position: string;
  readonly clock: Clock;
  /** For the log, when it fails. */
  readonly what: string;
  /** Writes it. @returns why not, and has written nothing then; null when it has */
  write(this: void, tx: EntityManager): Promise<RecordOutcome | null>;
}

/**
 * Keeps what is new of a source together with its position, in one transaction.
 * @throws AppError `service.unavailable`
 */
export async function recordOnce(dataSource: DataSource, recording: Recording): Promise<RecordOutcome> {
  const { source, position, clock, what, write } = recording;
  try {
    const outcome = await dataSource.transaction(async (tx): Promise<RecordOutcome> => {
      await lockSource(tx, source);
      const conflict = await write(tx);
      if (conflict !== null) return conflict;
      await addPosition(tx, source, BigInt(position), clock.now());
      await reach('projection.before_commit');
      return 'recorded';
    });
    await reach('projection.committed');
    return outcome;
  } catch (error) {
    if (isDataRefused(error)) return 'unstorable';
    throw databaseFailure(error, what);
  }
}

/** Until the transaction ends, nobody else records what this source sends. */
async function lockSource(tx: EntityManager, source: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended(concat_ws('/', current_schema, $1::text), 0))`, [
    source,
  ]);
}

/** Notes that a position of the source is there, of which it was not known yet. */
async function addPosition(tx: EntityManager, source: string, position: bigint, now: Date): Promise<void> {
  const below = await neighbour(tx, source, position, 'first_position < $2 ORDER BY first_position DESC');
  const above = await neighbour(tx, source, position, 'first_position > $2 ORDER BY first_position');
  const { range, replaced } = joinPosition(position, below, above, now);
  await tx.query('DELETE FROM position_ranges WHERE source = $1 AND first_position = ANY($2::bigint[])', [
    source,
    replaced.map(({ first }) => first.toString()),
  ]);
  await tx.query('INSERT INTO position_ranges VALUES ($1, $2, $3, $4)', [
    source,
    range.first.toString(),
    range.last.toString(),
    range.gapSince,
  ]);
}

async function neighbour(
  tx: EntityManager,
  source: string,
  position: bigint,
  condition: string,
): Promise<PositionRange | null> {
  const [row] = await tx.query<RangeRow[]>(`${RANGE} AND ${condition} LIMIT 1`, [source, position.toString()]);
  return row === undefined
    ? null
    : { first: BigInt(row.first_position), last: BigInt(row.last_position), gapSince: row.gap_since };
}
