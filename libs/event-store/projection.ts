import type { RecordedEvent } from './event-store';

/**
 * A read model as a pure reducer over one aggregate's events and the table that keeps its rows. It is run inside the append's
 * transaction by the service itself, or by the projection runner on events from the bus. Rebuilding it gives the same bytes.
 * Values are those of the driver: a `timestamptz` is a `Date`, a `bigint` a string; `bytea` is not for read models.
 */
export interface Projection<Row extends object> {
  /** Table name; a new version of a projection is a new table. */
  readonly table: string;
  /** Columns in order; the first one is the aggregate's id and the primary key. */
  readonly columns: readonly (keyof Row & string)[];
  /** The row after the event, `null` to have none. An event that is not for this read model leaves the row as it is. */
  project(row: Row | null, event: RecordedEvent): Row | null;
}

/** A read model with any number of rows for one aggregate. What is said of `Projection` holds for it too. */
export interface RowsProjection<Row extends object> {
  readonly table: string;
  /** Columns in order; the first one is the aggregate's id. */
  readonly columns: readonly (keyof Row & string)[];
  /** How many of the first columns are the primary key. */
  readonly keyColumns: number;
  /** Type of the first event of its aggregates; those of other kinds are not read. */
  readonly beginsWith: string;
  /** All rows of the aggregate after the event. */
  project(rows: readonly Row[], event: RecordedEvent): readonly Row[];
}
