import { databaseFailure } from '@latchkey/event-store';
import type { UserId } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import { FAMILIAR_MS, type FamiliarNetworks } from '../application/attempts';

/** In the table `familiar_network`. Those of a user that have expired go when one is noted. */
export class PostgresFamiliarNetworks implements FamiliarNetworks {
  constructor(private readonly dataSource: DataSource) {}

  async isFamiliar(account: string, network: string, now: Date): Promise<boolean> {
    const found = await this.#query<object[]>(
      `SELECT FROM familiar_network JOIN user_contact USING (user_id)
        WHERE canonical_email = $1 AND network = $2 AND expires_at > $3`,
      [account, network, now],
    );
    return found.length > 0;
  }

  async note(userId: UserId, network: string, now: Date): Promise<void> {
    await this.#query('DELETE FROM familiar_network WHERE user_id = $1 AND expires_at <= $2', [userId, now]);
    // Nothing is noted of a user who was erased meanwhile: the lock makes the erasure come before, which shows, or after.
    await this.#query(
      `WITH present AS (SELECT user_id FROM user_contact WHERE user_id = $1 FOR KEY SHARE)
       INSERT INTO familiar_network (user_id, network, expires_at) SELECT user_id, $2, $3 FROM present
       ON CONFLICT (user_id, network) DO UPDATE SET expires_at = excluded.expires_at`,
      [userId, network, new Date(now.getTime() + FAMILIAR_MS)],
    );
  }

  async #query<Rows>(statement: string, parameters: readonly unknown[]): Promise<Rows> {
    try {
      return await this.dataSource.query<Rows>(statement, [...parameters]);
    } catch (error) {
      throw databaseFailure(error, 'familiar networks');
    }
  }
}
