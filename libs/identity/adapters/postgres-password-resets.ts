import { createHash } from 'node:crypto';
import { databaseFailure } from '@latchkey/event-store';
import { userId, type Secret, type UserId } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import type { PasswordReset, PasswordResets } from '../application/password-ports';
import type { Mail, Transaction } from '../application/ports';
import { isThere } from './personal-data';

const digestOf = (token: Secret): Buffer => createHash('sha256').update(token.reveal()).digest();

/** In the table `password_reset`; the mail goes into the outbox with the row. */
export class PostgresPasswordResets implements PasswordResets {
  constructor(
    private readonly dataSource: DataSource,
    private readonly mail: Mail,
  ) {}

  async begin({ userId: id, email, token, expiresAt }: PasswordReset): Promise<void> {
    try {
      await this.dataSource.transaction(async (tx) => {
        if (!(await isThere(tx, id))) return;
        await tx.query(
          `INSERT INTO password_reset (user_id, token_sha256, expires_at) VALUES ($1, $2, $3)
           ON CONFLICT (user_id) DO UPDATE SET token_sha256 = excluded.token_sha256, expires_at = excluded.expires_at`,
          [id, digestOf(token), expiresAt],
        );
        await this.mail.send(tx, { to: email, template: 'password_reset', values: { token, expiresAt } });
      });
    } catch (error) {
      throw databaseFailure(error, 'beginning to reset a password');
    }
  }

  async find(token: Secret, now: Date): Promise<UserId | null> {
    try {
      const [row] = await this.dataSource.query<{ user_id: string }[]>(
        'SELECT user_id FROM password_reset WHERE token_sha256 = $1 AND expires_at > $2',
        [digestOf(token), now],
      );
      return row ? userId(row.user_id) : null;
    } catch (error) {
      throw databaseFailure(error, 'finding a link to reset a password');
    }
  }

  /** Who comes second waits for the one who deletes the row, and finds none. */
  async use(tx: Transaction, token: Secret, now: Date): Promise<boolean> {
    const [used] = await tx.query<[{ user_id: string }[], number]>(
      'DELETE FROM password_reset WHERE token_sha256 = $1 AND expires_at > $2 RETURNING user_id',
      [digestOf(token), now],
    );
    return used.length > 0;
  }
}
