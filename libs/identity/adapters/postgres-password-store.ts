import { databaseFailure } from '@latchkey/event-store';
import { Secret, type UserId } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import type { PasswordStore } from '../application/password-ports';
import type { Transaction } from '../application/ports';

/** In the table `user_password`, which no event repeats. */
export class PostgresPasswordStore implements PasswordStore {
  constructor(private readonly dataSource: DataSource) {}

  async find(userId: UserId): Promise<Secret | null> {
    const rows = await this.#query<{ hash: string }[]>('SELECT hash FROM user_password WHERE user_id = $1', [userId]);
    return rows[0] ? new Secret(rows[0].hash) : null;
  }

  async set(tx: Transaction, userId: UserId, hash: Secret, at: Date): Promise<void> {
    await tx.query(
      `INSERT INTO user_password (user_id, hash, changed_at) VALUES ($1, $2, $3)
       ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at`,
      [userId, hash.reveal(), at],
    );
    await tx.query('DELETE FROM password_reset WHERE user_id = $1', [userId]);
  }

  async rehash(userId: UserId, before: Secret, after: Secret): Promise<void> {
    await this.#query('UPDATE user_password SET hash = $3 WHERE user_id = $1 AND hash = $2', [
      userId,
      before.reveal(),
      after.reveal(),
    ]);
  }

  async #query<Result>(statement: string, parameters: readonly unknown[]): Promise<Result> {
    try {
      return await this.dataSource.query<Result>(statement, [...parameters]);
    } catch (error) {
      throw databaseFailure(error, 'reading or writing a password');
    }
  }
}
