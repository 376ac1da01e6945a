import type { MigrationClass } from '@latchkey/event-store';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When a mail is to be tried, and for how long. */
class TryMails1763770000000 implements MigrationInterface {
  readonly name = 'TryMails1763770000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Nothing sent them: their links have expired.
      DELETE FROM mail_outbox;
      ALTER TABLE mail_outbox
        ADD template   text           NOT NULL,
        ADD attempts   integer        NOT NULL DEFAULT 0,
        ADD due_at     timestamptz(3) NOT NULL,
        ADD good_until timestamptz(3) NOT NULL;
      CREATE INDEX mail_outbox_due ON mail_outbox (due_at, mail_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE mail_outbox DROP template, DROP attempts, DROP due_at, DROP good_until;
    `);
  }
}

/** Invitations after all others. */
class InviteLast1763790000000 implements MigrationInterface {
  readonly name = 'InviteLast1763790000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX mail_outbox_due;
      CREATE INDEX mail_outbox_due ON mail_outbox ((template = 'invitation'), due_at, mail_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX mail_outbox_due;
      CREATE INDEX mail_outbox_due ON mail_outbox (due_at, mail_id);
    `);
  }
}

/** Who was told what about a key, and mails of that, many at once, after those that somebody waits for. */
class NoteKeyNotices1763850000000 implements MigrationInterface {
  readonly name = 'NoteKeyNotices1763850000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE key_notice (
        notice  text COLLATE "C" NOT NULL,
        user_id text COLLATE "C" NOT NULL,
        told_at timestamptz(3)   NOT NULL,
        PRIMARY KEY (notice, user_id)
      );
      CREATE INDEX key_notice_oldest ON key_notice (told_at);
      DROP INDEX mail_outbox_due;
      CREATE INDEX mail_outbox_due
        ON mail_outbox ((template IN ('invitation', 'key_expires', 'key_rotation_stalled', 'key_leaked')), due_at, mail_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX mail_outbox_due;
      CREATE INDEX mail_outbox_due ON mail_outbox ((template = 'invitation'), due_at, mail_id);
      DROP TABLE key_notice;
    `);
  }
}

export const mailMigrations: readonly MigrationClass[] = [
  TryMails1763770000000,
  InviteLast1763790000000,
  NoteKeyNotices1763850000000,
];
