import type { UserId } from '@latchkey/kernel';
import type { PersonalData, Transaction } from '../application/ports';

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
  // After the contact: whoever notes one takes hold of that, and so comes before this or finds nobody.
  'familiar_network',
] as const;

/** Tables with a column `user_id` whose rows stay: an id alone is nobody once the rows above are gone. */
export const IMPERSONAL_TABLES = ['session', 'workspace_member'] as const;

export class PostgresPersonalData implements PersonalData {
  async erase(tx: Transaction, userId: UserId): Promise<void> {
    await tx.query(
      'DELETE FROM mail_outbox USING user_contact WHERE recipient = canonical_email AND user_contact.user_id = $1',
      [userId],
    );
    for (const table of PERSONAL_TABLES) await tx.query(`DELETE FROM ${table} WHERE user_id = $1`, [userId]);
  }
}
