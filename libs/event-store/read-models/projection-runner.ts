import { AppError, reach } from '@latchkey/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import type { EventStore, RecordedEvent } from '../event-store';
import { databaseFailure, isDataRefused } from '../postgres/database-failure';
import type { Projection } from '../projection';
import {
  aggregateOf,
  checkPayload,
  incomingEvent,
  knownSchemas,
  parsedOrPoison,
  PoisonError,
  type EventSchemas,
  type IncomingMessage,
} from './incoming-event';
import { ProjectionProgress, type ParkedEvent } from './projection-progress';
import { readRow, writeRow } from './write-projection';

/** The owner of the aggregates, asked for what a message shows to be missing. */
export type OwnerStreams = Pick<EventStore, 'readStream'>;

export interface ProjectionRunnerOptions<Row extends object> {
  readonly dataSource: DataSource;
  readonly projection: Projection<Row>;
  readonly owner: OwnerStreams;
  /** Default: every event type of the contracts. */
  readonly schemas?: EventSchemas;
}

type Applied =
  | { readonly kind: 'done' }
  /** Versions after this one are missing. */
  | { readonly kind: 'gap'; readonly after: number };

/**
 * Keeps a read model of another service's aggregates from messages that may come twice, late or not at all. Per aggregate: the next
 * version is applied, an older one dropped, and for a later one the owner is asked what came between; each in one transaction with
 * the row. An event that cannot be applied is parked with its reason, and the aggregate is degraded: its later events are parked
 * behind it, until `retry` succeeds. Nothing is skipped.
 */
export class ProjectionRunner<Row extends object> {
  readonly #progress: ProjectionProgress;

  constructor(private readonly options: ProjectionRunnerOptions<Row>) {
    this.#progress = new ProjectionProgress(options.projection.table);
  }

  /**
   * Takes one message of the bus. When it resolves, the message is applied, dropped or parked.
   * @throws AppError `service.unavailable`, and what the owner throws: deliver it again
   */
  readonly handle = async (message: IncomingMessage): Promise<void> => {
    let event: RecordedEvent;
    try {
      event = incomingEvent(message);
    } catch (error) {
      if (!(error instanceof PoisonError)) throw error;
      return this.park(message, error.message);
    }
    const applied = await this.#apply(message, event, [event]);
    if (applied.kind === 'done') return;
    const missing = await this.options.owner.readStream(event.streamId, applied.after);
    if ((await this.#apply(message, event, missing)).kind === 'gap') {
      throw new AppError('service.unavailable', {
        internal: `the owner of ${event.streamId} does not have version ${event.version}`,
      });
    }
  };

  /** Takes a message out of the way that could not be handled. */
  readonly park = async (message: IncomingMessage, reason: string): Promise<void> => {
    const aggregateId = aggregateOf(message);
    await this.#transaction(aggregateId, async (tx) => {
      await this.#progress.lock(tx, aggregateId);
      await this.#progress.park(tx, { aggregateId, version: null, value: message.value, reason });
    });
  };

  /**
   * Applies what is parked of an aggregate, and all that came since, from its owner's stream.
   * @returns `degraded`: an event still cannot be applied; its reason is in `parked`
   */
  async retry(aggregateId: string): Promise<'mended' | 'degraded'> {
    const { version } = await this.#transaction(aggregateId, (tx) => this.#progress.lock(tx, aggregateId));
    const missing = await this.options.owner.readStream(aggregateId, version);
    return this.#orRefused<'mended' | 'degraded'>(
      aggregateId,
      async (tx) => {
        const { version: from } = await this.#progress.lock(tx, aggregateId);
        const { version: upto, poison } = await this.#applyInOrder(tx, aggregateId, from, missing);
        if (poison) await this.#progress.explain(tx, aggregateId, poison.message);
        const mended = await this.#progress.unpark(tx, aggregateId, upto);
        return mended && !poison ? 'mended' : 'degraded';
      },
      async (tx, reason) => {
        await this.#progress.explain(tx, aggregateId, reason);
        return 'degraded';
      },
    );
  }

  /** In the order of their parking, at most `limit`. */
  async parked(limit = 100): Promise<readonly ParkedEvent[]> {
    return this.#progress.parked(this.options.dataSource.manager, limit);
  }

  /** Those of the aggregates whose rows are out of date, because an event of theirs is parked. */
  async degraded(aggregateIds: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#progress.degraded(this.options.dataSource.manager, aggregateIds);
  }

  /** Time of the newest event applied; `null`: none yet. */
  async asOf(): Promise<Date | null> {
    return this.#progress.asOf(this.options.dataSource.manager);
  }

  /** @param events in order; the message's own among them, unless it is still missing */
  async #apply(message: IncomingMessage, event: RecordedEvent, events: readonly RecordedEvent[]): Promise<Applied> {
    const { streamId: aggregateId, version } = event;
    const { value } = message;
    return this.#orRefused(
      aggregateId,
      async (tx): Promise<Applied> => {
        const progress = await this.#progress.lock(tx, aggregateId);
        if (version <= progress.version) return { kind: 'done' };
        if (progress.degraded) {
          const reason = `version ${version}: behind a parked event`;
          await this.#progress.park(tx, { aggregateId, version, value, reason });
          return { kind: 'done' };
        }
        const { version: upto, poison } = await this.#applyInOrder(tx, aggregateId, progress.version, events);
        if (poison) await this.#progress.park(tx, { aggregateId, version, value, reason: poison.message });
        return poison || version <= upto ? { kind: 'done' } : { kind: 'gap', after: upto };
      },
      async (tx, reason): Promise<Applied> => {
        const progress = await this.#progress.lock(tx, aggregateId);
        if (version > progress.version) await this.#progress.park(tx, { aggregateId, version, value, reason });
        return { kind: 'done' };
      },
    );
  }

  /** Applies the versions that follow without a gap, up to the first that cannot be applied. */
  async #applyInOrder(
    tx: EntityManager,
    aggregateId: string,
    from: number,
    events: readonly RecordedEvent[],
  ): Promise<{ version: number; poison?: PoisonError }> {
    const { projection, schemas = knownSchemas } = this.options;
    const next = events.filter((event) => event.version > from);
    if (next[0]?.version !== from + 1) return { version: from };
    let row: Row | null = await readRow(tx, projection, aggregateId);
    let last: RecordedEvent | undefined;
    let poison: PoisonError | undefined;
    for (const event of next) {
      if (event.version !== (last?.version ?? from) + 1) break;
      try {
        checkPayload(event, schemas);
        row = parsedOrPoison<Row | null>(`version ${event.version}`, () => projection.project(row, event));
      } catch (error) {
        if (!(error instanceof PoisonError)) throw error;
        poison = error;
        break;
      }
      last = event;
    }
    if (last) {
      await writeRow(tx, projection, aggregateId, row);
      await this.#progress.advance(tx, aggregateId, last.version, last.meta.at);
    }
    return { version: last?.version ?? from, ...(poison && { poison }) };
  }

  /** A value that the row's columns refuse is poison too, but its transaction is lost: what is left to do needs another. */
  async #orRefused<Result>(
    aggregateId: string,
    work: (tx: EntityManager) => Promise<Result>,
    refused: (tx: EntityManager, reason: string) => Promise<Result>,
  ): Promise<Result> {
    const { dataSource } = this.options;
    try {
      const result = await dataSource.transaction(async (tx) => {
        const done = await work(tx);
        await reach('projection.before_commit');
        return done;
      });
      await reach('projection.committed');
      return result;
    } catch (error) {
      const failure = databaseFailure(error, `projecting ${aggregateId}`);
      if (!isDataRefused(error)) throw failure;
      return this.#transaction(aggregateId, (tx) => refused(tx, failure.message));
    }
  }

  async #transaction<Result>(aggregateId: string, work: (tx: EntityManager) => Promise<Result>): Promise<Result> {
    try {
      return await this.options.dataSource.transaction(work);
    } catch (error) {
      throw databaseFailure(error, `projecting ${aggregateId}`);
    }
  }
}
