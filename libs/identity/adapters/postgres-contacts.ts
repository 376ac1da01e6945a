import { AppError, userId, workspaceId, type UserId } from '@latchkey/kernel';
import { databaseFailure } from '@latchkey/event-store';
import type { DataSource } from 'typeorm';
import type { Contact, Contacts, NewContact, Transaction } from '../application/ports';
import type { EmailAddress } from '../domain/email-address';

interface ContactRow {
  readonly user_id: string;
  readonly number: number;
  readonly email: string;
  readonly name: string | null;
  readonly email_verified_at: Date | null;
  readonly last_workspace_id: string | null;
}

const COLUMNS = 'user_id, number, email, name, email_verified_at, last_workspace_id';

/** The unique column of canonical addresses is the claim on them: when the row is erased, nothing else holds the address. */
export class PostgresContacts implements Contacts {
  constructor(private readonly dataSource: DataSource) {}

  find(id: UserId): Promise<Contact | null> {
    return this.#one('user_id', id);
  }

  byEmail({ canonical }: EmailAddress): Promise<Contact | null> {
    return this.#one('canonical_email', canonical);
  }

  async add(tx: Transaction, { userId: id, email, name, emailVerifiedAt }: NewContact): Promise<void> {
    const added = await tx.query<unknown[]>(
      `INSERT INTO user_contact (user_id, email, canonical_email, name, email_verified_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT ON CONSTRAINT user_contact_email DO NOTHING RETURNING 1`,
      [id, email.written, email.canonical, name, emailVerifiedAt],
    );
    if (added.length === 0) {
      throw new AppError('claim.taken', { details: { scope: 'email' }, internal: 'the e-mail address is taken' });
    }
  }

  async verified(tx: Transaction, id: UserId, at: Date): Promise<void> {
    await tx.query('UPDATE user_contact SET email_verified_at = $2 WHERE user_id = $1 AND email_verified_at IS NULL', [
      id,
      at,
    ]);
  }

  async #one(column: 'user_id' | 'canonical_email', value: string): Promise<Contact | null> {
    try {
      const [row] = await this.dataSource.query<ContactRow[]>(
        `SELECT ${COLUMNS} FROM user_contact WHERE ${column} = $1`,
        [value],
      );
      return row ? contactOf(row) : null;
    } catch (error) {
      throw databaseFailure(error, 'reading a contact');
    }
  }
}

const contactOf = (row: ContactRow): Contact => ({
  userId: userId(row.user_id),
  number: row.number,
  email: row.email,
  name: row.name,
  emailVerifiedAt: row.email_verified_at,
  lastWorkspaceId: row.last_workspace_id === null ? null : workspaceId(row.last_workspace_id),
});
