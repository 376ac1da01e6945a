import { databaseFailure } from '@latchkey/event-store';
import type { DataSource } from 'typeorm';
import type { KeyNoticeAudience, KeyNoticeLog } from '../application/key-notice';
import type { Transaction } from '../application/ports';

/** Most owners and admins of one workspace who are told, those first who are members for longest. */
const ADMINS_MAX = 100;
/** Longer than any event is news, in ms. */
const KEPT_MS = 60 * 86_400_000;

/** Who was told what, with the mails in one transaction. */
export class PostgresKeyNotices implements KeyNoticeLog {
  constructor(private readonly dataSource: DataSource) {}

  async once(
    notice: string,
    { workspaceId, creator, admins }: KeyNoticeAudience,
    now: Date,
    send: (tx: Transaction, email: string) => Promise<void>,
  ): Promise<void> {
    try {
      await this.dataSource.transaction(async (tx) => {
        await tx.query('DELETE FROM key_notice WHERE told_at < $1', [new Date(now.getTime() - KEPT_MS)]);
        // Who is being erased is waited for: an erasure that comes later finds the mail.
        const told = await tx.query<{ email: string }[]>(
          `WITH audience AS (
             SELECT m.user_id, c.email FROM workspace_member m JOIN user_contact c ON c.user_id = m.user_id
              WHERE m.workspace_id = $2 AND NOT m.suspended AND (m.user_id = $3 OR ($4 AND m.role IN ('owner', 'admin')))
              ORDER BY m.user_id <> $3, m.joined_at, m.user_id LIMIT $5 FOR KEY SHARE OF c),
           told AS (
             INSERT INTO key_notice (notice, user_id, told_at) SELECT $1, user_id, $6 FROM audience
             ON CONFLICT DO NOTHING RETURNING user_id)
           SELECT email FROM audience JOIN told USING (user_id)`,
          [notice, workspaceId, creator, admins, ADMINS_MAX, now],
        );
        for (const { email } of told) await send(tx, email);
      });
    } catch (error) {
      throw databaseFailure(error, 'noting who was told about a key');
    }
  }
}
