import crc32 from 'crc-32';
import type { DataSource } from 'typeorm';

/** Creates topics on first use. The number of partitions is the topic's own from then on: another one would move its keys. */
export class PostgresTopics {
  readonly #partitions = new Map<string, number>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly partitions: number,
  ) {}

  async ensure(topics: readonly string[]): Promise<void> {
    const missing = [...new Set(topics)].filter((topic) => !this.#partitions.has(topic)).sort();
    if (missing.length === 0) return;
    const found = await this.dataSource.transaction(async (tx) => {
      const create = 'INSERT INTO topics SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING';
      await tx.query(create, [missing, this.partitions]);
      await tx.query(
        `INSERT INTO partitions (topic, partition)
           SELECT topic, generate_series(0, partitions - 1) FROM topics WHERE topic = ANY($1) ORDER BY 1, 2
         ON CONFLICT DO NOTHING`,
        [missing],
      );
      const read = 'SELECT topic, partitions FROM topics WHERE topic = ANY($1)';
      return tx.query<{ topic: string; partitions: number }[]>(read, [missing]);
    });
    for (const { topic, partitions } of found) this.#partitions.set(topic, partitions);
  }

  /** @param topic one that `ensure` has seen */
  partitionOf(topic: string, key: string): number {
    return (crc32.str(key) >>> 0) % (this.#partitions.get(topic) ?? this.partitions);
  }
}
