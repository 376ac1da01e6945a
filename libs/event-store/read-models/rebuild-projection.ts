import type { DataSource, EntityManager } from 'typeorm';
import type { RecordedEvent } from '../event-store';
import { databaseFailure } from '../postgres/database-failure';
import { EVENT_COLUMNS, toRecordedEvent, type EventRow } from '../postgres/event-row';
import { identifier, select } from '../postgres/sql';
import type { Projection, RowsProjection } from '../projection';
import type { OwnerStreams } from './projection-runner';
import { byStream } from './write-projection';

export interface RebuildOptions {
  /** The owner of the events, for a read model of another service's. Absent: they are in this schema. */
  readonly owner?: OwnerStreams;
  /** Puts the rebuilt rows into the place of those that differ. Writers of the table wait for the last part. */
  readonly replace?: boolean;
}

export interface Rebuilt {
  /** Rows that the events give. */
  readonly rows: number;
  /** Whether the live table had the same rows, byte for byte. */
  readonly equal: boolean;
  readonly firstDifference?: RowDifference;
}

/** `null`: there is no such row. */
export interface RowDifference {
  /** The columns of the primary key, joined by dots. */
  readonly id: string;
  readonly live: Readonly<Record<string, unknown>> | null;
  readonly rebuilt: Readonly<Record<string, unknown>> | null;
}

/** A stream and the version up to which it counts. */
interface Head {
  readonly n: string;
  readonly id: string;
  readonly version: number;
}

const STREAMS_AT_ONCE = 500;

/**
 * Rebuilds a read model from its events into a shadow table and compares it with the live one. Right while events are appended and
 * applied: both tables are looked at in one snapshot, and for `replace` the writers wait while the shadow catches up.
 */
export async function rebuildProjection<Row extends object>(
  dataSource: DataSource,
  projection: Projection<Row> | RowsProjection<Row>,
  options: RebuildOptions = {},
): Promise<Rebuilt> {
  const shadow = new Shadow(projection, options.owner);
  try {
    if (!options.replace) {
      return await dataSource.transaction('REPEATABLE READ', async (tx) => {
        await shadow.create(tx);
        await shadow.catchUp(tx);
        return shadow.compare(tx);
      });
    }
    return await dataSource.transaction(async (tx) => {
      await shadow.create(tx);
      await shadow.catchUp(tx);
      await tx.query(`LOCK TABLE ${identifier(projection.table)} IN EXCLUSIVE MODE`);
      await shadow.catchUp(tx);
      const rebuilt = await shadow.compare(tx);
      if (!rebuilt.equal) await shadow.replaceLive(tx);
      return rebuilt;
    });
  } catch (error) {
    throw databaseFailure(error, `rebuilding ${projection.table}`);
  }
}

/** The rows as the events give them, in temporary tables that end with the transaction. */
class Shadow<Row extends object> {
  readonly #live: string;
  readonly #shadow: string;
  readonly #columns: readonly string[];
  readonly #keys: readonly string[];
  /** The aggregate's. */
  readonly #id: string;

  constructor(
    private readonly projection: Projection<Row> | RowsProjection<Row>,
    private readonly owner: OwnerStreams | undefined,
  ) {
    this.#live = identifier(projection.table);
    this.#shadow = identifier(`${projection.table}_shadow`);
    this.#columns = projection.columns.map(identifier);
    this.#keys = this.#columns.slice(0, hasManyRows(projection) ? projection.keyColumns : 1);
    this.#id = this.#columns[0] ?? '';
  }

  async create(tx: EntityManager): Promise<void> {
    await tx.query(`
      CREATE TEMPORARY TABLE ${this.#shadow} (LIKE ${this.#live} INCLUDING ALL) ON COMMIT DROP;
      CREATE TEMPORARY TABLE rebuild_done (id text PRIMARY KEY, version integer NOT NULL) ON COMMIT DROP;
      CREATE TEMPORARY TABLE rebuild_todo (n bigserial PRIMARY KEY, id text, version integer) ON COMMIT DROP;
    `);
  }

  /** Folds the streams that are new, or longer than they were when this was called last. */
  async catchUp(tx: EntityManager): Promise<void> {
    await tx.query('TRUNCATE rebuild_todo');
    const [heads, parameters] = this.#heads();
    await tx.query(
      `INSERT INTO rebuild_todo (id, version)
       SELECT h.id, h.version FROM (${heads}) h LEFT JOIN rebuild_done d USING (id)
        WHERE d.version IS DISTINCT FROM h.version`,
      parameters,
    );
    let last = '0';
    for (;;) {
      const todo = await select<Head>(tx, 'SELECT n, id, version FROM rebuild_todo WHERE n > $1 ORDER BY n LIMIT $2', [
        last,
        STREAMS_AT_ONCE,
      ]);
      if (todo.length === 0) return;
      await this.#fold(tx, todo);
      last = todo.at(-1)?.n ?? last;
    }
  }

  async compare(tx: EntityManager): Promise<Rebuilt> {
    const keys = this.#keys.map((key) => `coalesce(l.${key}, s.${key})`);
    const [difference] = await select<RowDifference>(
      tx,
      `SELECT concat_ws('.', ${keys.join(', ')}) AS id, to_jsonb(l) AS live, to_jsonb(s) AS rebuilt
         FROM ${this.#live} l FULL JOIN ${this.#shadow} s ON ${this.#isSameRow}
        WHERE ${this.#record('l')} *<> ${this.#record('s')} ORDER BY 1 LIMIT 1`,
    );
    const [counted] = await select<{ rows: string }>(tx, `SELECT count(*) AS rows FROM ${this.#shadow}`);
    const rows = Number(counted?.rows ?? 0);
    return difference ? { rows, equal: false, firstDifference: difference } : { rows, equal: true };
  }

  /** In place: views, rights and indexes of the live table stay, and readers see the old rows until the commit. */
  async replaceLive(tx: EntityManager): Promise<void> {
    const columns = this.#columns.join(', ');
    await tx.query(
      `DELETE FROM ${this.#live} l WHERE NOT EXISTS
         (SELECT FROM ${this.#shadow} s WHERE ${this.#isSameRow} AND ${this.#record('l')} *= ${this.#record('s')})`,
    );
    await tx.query(
      `INSERT INTO ${this.#live} (${columns}) SELECT ${columns} FROM ${this.#shadow} s
        WHERE NOT EXISTS (SELECT FROM ${this.#live} l WHERE ${this.#isSameRow})`,
    );
  }

  /** By the primary key. */
  get #isSameRow(): string {
    return this.#keys.map((key) => `l.${key} = s.${key}`).join(' AND ');
  }

  /**
   * For `*=` and `*<>`, which compare the bytes of two records: by value, 1.0 is 1.00. Without the cast they would compare column
   * by column, and few types have such an operator.
   */
  #record(table: string): string {
    return `ROW(${this.#columns.map((column) => `${table}.${column}`).join(', ')})::record`;
  }

  /** Another service's streams count as far as they were applied: what comes later is not the live table's fault. */
  #heads(): readonly [statement: string, parameters: unknown[]] {
    const { projection, owner } = this;
    if (owner)
      return [
        'SELECT aggregate_id AS id, version FROM projection_progress WHERE projection = $1 AND version > 0',
        [projection.table],
      ];
    const heads = (which: string) =>
      `SELECT stream_id AS id, max(version) AS version FROM events ${which} GROUP BY stream_id`;
    if (!hasManyRows(projection)) return [heads(''), []];
    const begun = 'WHERE stream_id IN (SELECT stream_id FROM events WHERE version = 1 AND type = $1)';
    return [heads(begun), [projection.beginsWith]];
  }

  async #fold(tx: EntityManager, heads: readonly Head[]): Promise<void> {
    const ids = heads.map((head) => head.id);
    const streams = await this.#read(tx, heads);
    const rows = ids.flatMap((id) => rowsOf(this.projection, streams.get(id) ?? []));
    const columns = this.#columns.join(', ');
    await tx.query(`DELETE FROM ${this.#shadow} WHERE ${this.#id} = ANY($1)`, [ids]);
    await tx.query(
      `INSERT INTO ${this.#shadow} (${columns})
       SELECT ${columns} FROM jsonb_populate_recordset(NULL::${this.#shadow}, $1::jsonb)`,
      [JSON.stringify(rows)],
    );
    await tx.query(
      `INSERT INTO rebuild_done (id, version) SELECT * FROM unnest($1::text[], $2::integer[])
       ON CONFLICT (id) DO UPDATE SET version = excluded.version`,
      [ids, heads.map((head) => head.version)],
    );
  }

  async #read(tx: EntityManager, heads: readonly Head[]): Promise<ReadonlyMap<string, readonly RecordedEvent[]>> {
    if (this.owner) {
      const streams = new Map<string, readonly RecordedEvent[]>();
      for (const { id, version } of heads) {
        const events = await this.owner.readStream(id);
        streams.set(
          id,
          events.filter((event) => event.version <= version),
        );
      }
      return streams;
    }
    const rows = await select<EventRow>(
      tx,
      `SELECT ${EVENT_COLUMNS} FROM unnest($1::text[], $2::integer[]) AS h (id, version)
         JOIN events e ON e.stream_id = h.id AND e.version <= h.version ORDER BY e.stream_id, e.version`,
      [heads.map((head) => head.id), heads.map((head) => head.version)],
    );
    return byStream(rows.map(toRecordedEvent));
  }
}

const hasManyRows = <Row extends object>(
  projection: Projection<Row> | RowsProjection<Row>,
): projection is RowsProjection<Row> => 'keyColumns' in projection;

/** What the events of one stream give. */
function rowsOf<Row extends object>(
  projection: Projection<Row> | RowsProjection<Row>,
  events: readonly RecordedEvent[],
): readonly Row[] {
  if (hasManyRows(projection))
    return events.reduce<readonly Row[]>((rows, event) => projection.project(rows, event), []);
  const row = events.reduce<Row | null>((before, event) => projection.project(before, event), null);
  return row === null ? [] : [row];
}
