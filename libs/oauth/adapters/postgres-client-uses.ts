import { databaseFailure } from '@latchkey/event-store';
import type { DataSource } from 'typeorm';
import type { ClientUse, ClientUses } from '../application/ports';

export class PostgresClientUses implements ClientUses {
  constructor(private readonly dataSource: DataSource) {}

  /** One statement, whose rows are locked in one order: two readers cannot wait for each other. */
  async note(uses: readonly ClientUse[]): Promise<void> {
    if (uses.length === 0) return;
    try {
      await this.dataSource.query(
        `INSERT INTO client_last_used (client_id, last_used_at)
           SELECT * FROM unnest($1::text[], $2::timestamptz[]) ORDER BY 1
         ON CONFLICT (client_id) DO UPDATE SET last_used_at = excluded.last_used_at
           WHERE client_last_used.last_used_at < excluded.last_used_at`,
        [uses.map(({ clientId }) => clientId), uses.map(({ at }) => at.toISOString())],
      );
    } catch (error) {
      throw databaseFailure(error, 'noting uses of clients');
    }
  }
}
