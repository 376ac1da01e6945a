import type { EntityManager } from 'typeorm';
import type { RecordedEvent } from '../event-store';
import type { Projection } from '../projection';
import { identifier, select } from '../postgres/sql';

/** The events of each stream, in the order given. */
export function byStream(recorded: readonly RecordedEvent[]): ReadonlyMap<string, readonly RecordedEvent[]> {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of recorded) {
    const events = streams.get(event.streamId);
    if (events) events.push(event);
    else streams.set(event.streamId, [event]);
  }
  return streams;
}

/**
 * Brings a read model up to date in the transaction at hand. The service's own, inside its append (`Append.within`): what was just
 * created is in the next list.
 * @param recorded events in the order of their versions, of any number of streams
 */
export async function writeProjection<Row extends object>(
  tx: EntityManager,
  projection: Projection<Row>,
  recorded: readonly RecordedEvent[],
): Promise<void> {
  for (const [id, events] of byStream(recorded)) {
    // What begins now has no row yet.
    const before = events[0]?.version === 1 ? null : await readRow(tx, projection, id);
    const after = events.reduce<Row | null>((row, event) => projection.project(row, event), before);
    await writeRow(tx, projection, id, after);
  }
}

/** The row as the driver gives it (a `timestamptz` is a `Date`, a `bigint` a string), locked until the transaction ends. */
export async function readRow<Row extends object>(
  tx: EntityManager,
  { table, columns }: Projection<Row>,
  id: string,
): Promise<Row | null> {
  const names = columns.map(identifier);
  const [row] = await select<Row>(
    tx,
    `SELECT ${names.join(', ')} FROM ${identifier(table)} WHERE ${names[0]} = $1 FOR UPDATE`,
    [id],
  );
  return row ?? null;
}

/** @param table where to write instead of the projection's own table */
export async function writeRow<Row extends object>(
  tx: EntityManager,
  { table, columns }: Projection<Row>,
  id: string,
  row: Row | null,
): Promise<void> {
  const names = columns.map(identifier);
  const target = identifier(table);
  if (row === null) {
    await tx.query(`DELETE FROM ${target} WHERE ${names[0]} = $1`, [id]);
    return;
  }
  const changes = names.slice(1).map((name) => `${name} = excluded.${name}`);
  // As one JSON value, each member becomes what its column is: an array, jsonb or a time, without a list of types here.
  await tx.query(
    `INSERT INTO ${target} (${names.join(', ')})
     SELECT ${names.join(', ')} FROM jsonb_populate_record(NULL::${target}, $1::jsonb)
     ON CONFLICT (${names[0]}) DO ${changes.length === 0 ? 'NOTHING' : `UPDATE SET ${changes.join(', ')}`}`,
    [JSON.stringify(row)],
  );
}
