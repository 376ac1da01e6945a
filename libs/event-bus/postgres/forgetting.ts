import type { DataSource } from 'typeorm';
import type { BusLog } from '../event-bus';

const EVERY_MS = 60_000;
/** Longer than a group takes that reads for the first time: it is not known before it has begun. */
const KEPT_MS = 3_600_000;

export interface ForgettingOptions {
  readonly dataSource: DataSource;
  readonly log: BusLog;
  readonly topics: readonly string[];
}

/** Deletes messages that are an hour old and that every group has, every minute. */
export class Forgetting {
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly options: ForgettingOptions) {
    this.#timer = setInterval(() => void this.forget(KEPT_MS), EVERY_MS).unref();
  }

  /** Never rejects: what is not deleted now is deleted later. */
  async forget(keptMs: number): Promise<void> {
    const { dataSource, log, topics } = this.options;
    try {
      await dataSource.query(
        `DELETE FROM messages USING (
           SELECT topic, partition, min(next_place) AS next_place FROM group_places WHERE topic = ANY($1) GROUP BY 1, 2
         ) AS everywhere
         WHERE messages.topic = everywhere.topic AND messages.partition = everywhere.partition
           AND place < everywhere.next_place AND published_at < now() - $2 * interval '1 millisecond'`,
        [topics, keptMs],
      );
    } catch (err) {
      log.warn({ err }, 'messages that every group has could not be deleted');
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
