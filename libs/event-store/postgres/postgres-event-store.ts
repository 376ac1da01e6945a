import { AppError, isAppError, reach, type IdSource } from '@latchkey/kernel';
import { v7 } from 'uuid';
import type { EntityManager } from 'typeorm';
import { canonicalJson } from '../canonical-json';
import { changeClaims } from './claims';
import { databaseFailure, isUniqueViolation } from './database-failure';
import {
  EVENT_COLUMNS,
  storedMeta,
  toPublishedEvent,
  toRecordedEvent,
  type EventRow,
  type PublishedRow,
} from './event-row';
import type {
  Append,
  EventStore,
  NewEvent,
  PublishedEvent,
  PublishedEvents,
  RecordedEvent,
  TransactionalEventStore,
} from '../event-store';
import { select } from './sql';

const uuidV7: IdSource = { next: () => v7() };

/** An append that takes any version can only lose to one that named its version, and seldom does. */
const ANY_VERSION_ATTEMPTS = 5;

/** A larger event would never pass the bus, and stop every later one. */
const EVENT_BYTES_MAX = 512 * 1_024;

/** Where statements run, and how they are put into a transaction. */
interface Connections {
  readonly manager: Pick<EntityManager, 'query'>;
  transaction<Result>(run: (tx: EntityManager) => Promise<Result>): Promise<Result>;
}

/** Events, outbox and claims of one service, in the schema of the data source (`eventStoreMigrations`). */
export class PostgresEventStore implements EventStore, PublishedEvents, TransactionalEventStore {
  constructor(
    private readonly dataSource: Connections,
    private readonly ids: IdSource = uuidV7,
  ) {}

  in(tx: EntityManager): EventStore {
    return new PostgresEventStore({ manager: tx, transaction: (run) => run(tx) }, this.ids);
  }

  async append(append: Append): Promise<readonly RecordedEvent[]> {
    if (append.events.length === 0) throw new AppError('service.internal', { internal: 'an append without events' });
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#appendOnce(append);
      } catch (error) {
        const mayTryAgain = append.expected === 'exists' && attempt < ANY_VERSION_ATTEMPTS;
        if (!mayTryAgain || !isAppError(error, 'stream.version_conflict')) throw error;
      }
    }
  }

  async readStream(streamId: string, afterVersion = 0): Promise<readonly RecordedEvent[]> {
    try {
      const rows = await select<EventRow>(
        this.dataSource.manager,
        `SELECT ${EVENT_COLUMNS} FROM events e WHERE e.stream_id = $1 AND e.version > $2 ORDER BY e.version`,
        [streamId, afterVersion],
      );
      return rows.map(toRecordedEvent);
    } catch (error) {
      throw databaseFailure(error, `reading ${streamId}`);
    }
  }

  async readPublished(afterPosition: bigint, limit: number): Promise<readonly PublishedEvent[]> {
    try {
      const rows = await select<PublishedRow>(
        this.dataSource.manager,
        `SELECT p.position, ${EVENT_COLUMNS} FROM positions p JOIN events e USING (stream_id, version)
          WHERE p.position > $1 ORDER BY p.position LIMIT $2`,
        [afterPosition, Math.min(limit, 1_000)],
      );
      return rows.map(toPublishedEvent);
    } catch (error) {
      throw databaseFailure(error, `reading events after position ${afterPosition}`);
    }
  }

  async #appendOnce(append: Append): Promise<readonly RecordedEvent[]> {
    try {
      const recorded = await (isOneStatement(append) ? this.#appendAlone(append) : this.#appendTogether(append));
      await reach('append.committed');
      return recorded;
    } catch (error) {
      throw databaseFailure(error, `appending to ${append.streamId}`);
    }
  }

  /** A statement without a transaction around it is one; all that comes before its commit is before it. */
  async #appendAlone(append: Append): Promise<readonly RecordedEvent[]> {
    await reach('append.before_commit');
    return this.#write(this.dataSource.manager, append);
  }

  #appendTogether(append: Append): Promise<readonly RecordedEvent[]> {
    return this.dataSource.transaction(async (tx) => {
      const recorded = await this.#write(tx, append);
      await changeClaims(tx, append);
      await append.within?.(tx, recorded);
      await reach('append.before_commit');
      return recorded;
    });
  }

  async #write(tx: Connections['manager'], append: Append): Promise<readonly RecordedEvent[]> {
    const rows = this.#rowsAfter(await versionToFollow(tx, append), append);
    if (!(await insertUnlessConflict(tx, append, rows))) {
      const code = append.expected === 'no_stream' ? 'stream.exists' : 'stream.version_conflict';
      throw new AppError(code, { internal: `${append.streamId} is not at ${append.expected}` });
    }
    return rows.map(toRecordedEvent);
  }

  #rowsAfter(version: number, { streamId, events, meta }: Append): readonly EventRow[] {
    const stored = storedMeta(meta);
    return events.map((event: NewEvent, index) => ({
      stream_id: streamId,
      version: version + index + 1,
      event_id: this.ids.next(),
      type: event.type,
      data: boundedData(event),
      meta: stored,
    }));
  }
}

const isOneStatement = ({ expected, claim = [], release = [], within }: Append): boolean =>
  expected !== 'exists' && claim.length === 0 && release.length === 0 && within === undefined;

function boundedData(event: NewEvent): Buffer {
  const data = canonicalJson(event.data);
  if (data.length <= EVENT_BYTES_MAX) return data;
  throw new AppError('request.too_large', {
    public: 'This is too large to be recorded.',
    internal: `${event.type} has ${data.length} bytes`,
  });
}

/** Appends to any version queue up on the stream's first event, so that they do not fail each other. */
async function versionToFollow(tx: Connections['manager'], { streamId, expected }: Append): Promise<number> {
  if (expected === 'no_stream') return 0;
  if (expected !== 'exists') return expected;
  const first = await select(tx, 'SELECT FROM events WHERE stream_id = $1 AND version = 1 FOR NO KEY UPDATE', [
    streamId,
  ]);
  if (first.length === 0) throw new AppError('stream.not_found', { internal: `no stream ${streamId}` });
  const [last] = await select<{ version: number }>(
    tx,
    'SELECT version FROM events WHERE stream_id = $1 ORDER BY version DESC LIMIT 1',
    [streamId],
  );
  return last?.version ?? 0;
}

/**
 * One statement: events, and their rows in the outbox. The version before must be there, or versions would have a gap; the ones
 * after must not, which the primary key sees to, also against appends that have not committed yet.
 */
async function insertUnlessConflict(
  tx: Connections['manager'],
  append: Append,
  rows: readonly EventRow[],
): Promise<boolean> {
  try {
    const written = await select(
      tx,
      `WITH recorded AS (
         INSERT INTO events (stream_id, version, event_id, type, data, meta)
         SELECT $1, e.version, e.event_id, e.type, e.data, $6::jsonb
           FROM unnest($2::integer[], $3::uuid[], $4::text[], $5::bytea[]) AS e (version, event_id, type, data)
          WHERE $2[1] = 1 OR EXISTS (SELECT FROM events WHERE stream_id = $1 AND version = $2[1] - 1)
         RETURNING version)
       INSERT INTO outbox (stream_id, version) SELECT $1, version FROM recorded ORDER BY version
       RETURNING seq`,
      [
        append.streamId,
        rows.map((row) => row.version),
        rows.map((row) => row.event_id),
        rows.map((row) => row.type),
        rows.map((row) => row.data),
        rows[0]?.meta,
      ],
    );
    return written.length > 0;
  } catch (error) {
    if (isUniqueViolation(error, 'events_pkey')) return false;
    throw error;
  }
}
