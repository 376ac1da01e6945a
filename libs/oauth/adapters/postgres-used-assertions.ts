import { databaseFailure } from '@latchkey/event-store';
import type { ClientId } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import type { UsedAssertions } from '../application/ports-tokens';

const FORGOTTEN_AT_ONCE = 1_000;

/** In oauth's schema: of several processes that are shown one assertion at once, one takes it. */
export class PostgresUsedAssertions implements UsedAssertions {
  constructor(private readonly dataSource: DataSource) {}

  async use(clientId: ClientId, jti: string, expiresAt: Date): Promise<boolean> {
    try {
      const rows = await this.dataSource.query<unknown[]>(
        `INSERT INTO used_assertion (client_id, jti, expires_at) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING RETURNING client_id`,
        [clientId, jti, expiresAt],
      );
      return rows.length === 1;
    } catch (error) {
      throw databaseFailure(error, 'remembering an assertion');
    }
  }

  async forget(expiredAt: Date): Promise<void> {
    try {
      for (let forgotten = FORGOTTEN_AT_ONCE; forgotten === FORGOTTEN_AT_ONCE;) {
        const [, count] = await this.dataSource.query<[unknown[], number]>(
          `DELETE FROM used_assertion WHERE ctid = ANY(ARRAY(
             SELECT ctid FROM used_assertion WHERE expires_at < $1 LIMIT ${FORGOTTEN_AT_ONCE}))`,
          [expiredAt],
        );
        forgotten = count;
      }
    } catch (error) {
      throw databaseFailure(error, 'forgetting assertions');
    }
  }
}
