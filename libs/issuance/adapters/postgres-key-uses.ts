import { databaseFailure } from '@latchkey/event-store';
import type { DataSource } from 'typeorm';
import type { KeyUses, SecretUse } from '../application/ports';

export class PostgresKeyUses implements KeyUses {
  constructor(private readonly dataSource: DataSource) {}

  /** One statement, whose rows are locked in one order: two readers cannot wait for each other. */
  async note(uses: readonly SecretUse[]): Promise<void> {
    if (uses.length === 0) return;
    try {
      await this.dataSource.query(
        `INSERT INTO key_last_used (key_id, secret_number, last_used_at, workspace_id)
           SELECT key_id, secret_number, at, workspace_id
             FROM unnest($1::text[], $2::integer[], $3::timestamptz[]) AS used (key_id, secret_number, at)
             JOIN key_list USING (key_id) ORDER BY 1, 2
         ON CONFLICT (key_id, secret_number) DO UPDATE SET last_used_at = excluded.last_used_at
           WHERE key_last_used.last_used_at < excluded.last_used_at`,
        [
          uses.map(({ keyId }) => keyId),
          uses.map(({ secretNumber }) => secretNumber),
          uses.map(({ at }) => at.toISOString()),
        ],
      );
    } catch (error) {
      throw databaseFailure(error, 'noting uses of keys');
    }
  }
}
