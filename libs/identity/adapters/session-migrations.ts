import type { MigrationClass } from '@latchkey/event-store';
import type { MigrationInterface, QueryRunner } from 'typeorm';

class CreateSessions1763740000000 implements MigrationInterface {
  readonly name = 'CreateSessions1763740000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Until a while after they could have been used.
      CREATE TABLE session (
        session_id    text COLLATE "C" PRIMARY KEY,
        user_id       text COLLATE "C" NOT NULL,
        workspace_id  text COLLATE "C" NOT NULL,
        generation    integer          NOT NULL,
        second_factor boolean          NOT NULL,
        opened_at     timestamptz(3)   NOT NULL,
        expires_at    timestamptz(3)   NOT NULL,
        ended         boolean          NOT NULL DEFAULT false
      );
      CREATE INDEX session_of_user ON session (user_id, opened_at, session_id);
      CREATE INDEX session_expiry ON session (expires_at);
      -- Where a person was: to be erased, and no part of any event.
      CREATE TABLE session_detail (
        session_id     text COLLATE "C" PRIMARY KEY,
        user_id        text COLLATE "C" NOT NULL,
        ip             text,
        user_agent     text,
        last_active_at timestamptz(3)   NOT NULL
      );
      CREATE INDEX session_detail_of_user ON session_detail (user_id);
      -- The newest signs; those before it verify what they have signed.
      CREATE TABLE session_signing_key (
        kid        text           PRIMARY KEY,
        sealed     bytea          NOT NULL,
        created_at timestamptz(3) NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE session_signing_key, session_detail, session');
  }
}

export const sessionMigrations: readonly MigrationClass[] = [CreateSessions1763740000000];
