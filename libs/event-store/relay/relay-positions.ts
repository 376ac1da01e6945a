import { reach } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import { EVENT_COLUMNS, toPublishedEvent, type PublishedRow } from '../postgres/event-row';
import type { PublishedEvent } from '../event-store';
import { select } from '../postgres/sql';

/** Another instance leads. Everything that a leader writes finds that out in the statement that writes. */
export class DeposedError extends Error {
  override readonly name = 'DeposedError';
}

export interface RelayProgress {
  /** Events are committed that have no position. */
  readonly waiting: boolean;
  readonly lastPosition: bigint;
  readonly publishedUpto: bigint;
}

interface RelayRow {
  readonly waiting: boolean;
  readonly last_position: string;
  readonly published_upto: string;
}

export interface PositionsOptions {
  /** Positions per transaction, and events per batch. */
  readonly batchSize: number;
  /** The server ends a transaction whose leader is silent for so long. */
  readonly leaseMs: number;
  /** Whether the token is checked, under a lock on its row. */
  readonly fencing: boolean;
}

/** The relay's statements. Those of a leader carry its token. */
export class RelayPositions {
  constructor(
    private readonly dataSource: DataSource,
    private readonly options: PositionsOptions,
  ) {}

  /** @throws DeposedError */
  async progress(token: bigint): Promise<RelayProgress> {
    const [row] = await select<RelayRow>(
      this.dataSource.manager,
      // By the index: a scan would go through all rows that were deleted and not vacuumed yet.
      `SELECT (SELECT min(seq) FROM outbox) IS NOT NULL AS waiting, last_position, published_upto
         FROM relay WHERE ${this.#isLeader}`,
      [token],
    );
    if (!row) throw new DeposedError();
    return {
      waiting: row.waiting,
      lastPosition: BigInt(row.last_position),
      publishedUpto: BigInt(row.published_upto),
    };
  }

  /**
   * Gives positions to committed events in the order of the outbox and empties it, in one transaction. The order is right for each
   * stream: an event's row comes after the commit of the version before. Events of transactions that are still open come later.
   * @returns the last position
   * @throws DeposedError
   */
  async assign(token: bigint): Promise<bigint> {
    const { batchSize, leaseMs, fencing } = this.options;
    return this.dataSource.transaction(async (tx) => {
      const [relay] = await select<{ last_position: string }>(
        tx,
        `SELECT last_position, set_config('idle_in_transaction_session_timeout', $2, true)
           FROM relay WHERE ${this.#isLeader} ${fencing ? 'FOR UPDATE' : ''}`,
        [token, `${leaseMs}ms`],
      );
      if (!relay) throw new DeposedError();
      await reach('relay.position_read');
      const last = BigInt(relay.last_position);
      const given = await select(
        tx,
        `WITH taken AS (
           DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox ORDER BY seq LIMIT $2)
           RETURNING seq, stream_id, version)
         INSERT INTO positions (position, stream_id, version)
         SELECT $1::bigint + row_number() OVER (ORDER BY seq), stream_id, version FROM taken
         RETURNING 1`,
        [last, batchSize],
      );
      const position = last + BigInt(given.length);
      if (given.length > 0) await tx.query('UPDATE relay SET last_position = $1', [position]);
      return position;
    });
  }

  async after(position: bigint): Promise<readonly PublishedEvent[]> {
    const rows = await select<PublishedRow>(
      this.dataSource.manager,
      `SELECT p.position, ${EVENT_COLUMNS} FROM positions p JOIN events e USING (stream_id, version)
        WHERE p.position > $1 ORDER BY p.position LIMIT $2`,
      [position, this.options.batchSize],
    );
    return rows.map(toPublishedEvent);
  }

  /** @throws DeposedError */
  async published(token: bigint, upto: bigint): Promise<void> {
    const [row] = await select(
      this.dataSource.manager,
      `WITH kept AS (UPDATE relay SET published_upto = $2 WHERE ${this.#isLeader} RETURNING 1) SELECT * FROM kept`,
      [token, upto],
    );
    if (!row) throw new DeposedError();
  }

  /** Events that are committed and not published yet; no leader needed. */
  async lag(): Promise<number> {
    const [row] = await select<{ lag: string }>(
      this.dataSource.manager,
      'SELECT (SELECT count(*) FROM outbox) + last_position - published_upto AS lag FROM relay',
    );
    return Number(row?.lag ?? 0);
  }

  get #isLeader(): string {
    return this.options.fencing ? 'token = $1' : '$1::bigint IS NOT NULL';
  }
}
