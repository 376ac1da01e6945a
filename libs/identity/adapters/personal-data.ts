import type { UserId } from '@latchkey/kernel';
import type { PersonalData, Transaction } from '../application/ports';
import type { EmailAddress } from '../domain/email-address';

/** Tables with a column `user_id` whose rows say something about a person, or let somebody act as one. */
export const PERSONAL_TABLES = [
  'session_detail',
  'password_reset',
  'mfa_enrolment',
  'mfa_challenge',
  'recovery_code',
  'totp_step',
  'totp',
  'user_password',
  'user_contact',
  'familiar_network',
] as const;

/** Tables with a column `user_id` whose rows stay: an id alone is nobody once the rows above are gone. */
export const IMPERSONAL_TABLES = ['session', 'workspace_member', 'key_notice'] as const;

export class PostgresPersonalData implements PersonalData {
  async erase(tx: Transaction, userId: UserId): Promise<EmailAddress | null> {
    const [contact] = await tx.query<{ email: string; canonical_email: string }[]>(
      'SELECT email, canonical_email FROM user_contact WHERE user_id = $1 FOR UPDATE',
      [userId],
    );
    if (contact) await tx.query('DELETE FROM mail_outbox WHERE recipient = $1', [contact.canonical_email]);
    for (const table of PERSONAL_TABLES) await tx.query(`DELETE FROM ${table} WHERE user_id = $1`, [userId]);
    return contact ? { written: contact.email, canonical: contact.canonical_email } : null;
  }
}

/**
 * Whether there is such a user, who stays until the commit. Ask before anything personal is written beside the user's events: who is being
 * erased is waited for, and an erasure that comes later finds what was written.
 */
export async function isThere(tx: Transaction, userId: UserId): Promise<boolean> {
  const found = await tx.query<unknown[]>('SELECT FROM user_contact WHERE user_id = $1 FOR KEY SHARE', [userId]);
  return found.length > 0;
}
