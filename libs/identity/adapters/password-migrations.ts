import type { MigrationClass } from '@latchkey/event-store';
import type { MigrationInterface, QueryRunner } from 'typeorm';

class CreatePasswords1763730000002 implements MigrationInterface {
  readonly name = 'CreatePasswords1763730000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE user_password (
        user_id    text        PRIMARY KEY,
        hash       text        NOT NULL,
        changed_at timestamptz NOT NULL
      );
      -- At most one for each user: whoever asks again ends the one before.
      CREATE TABLE password_reset (
        user_id      text        PRIMARY KEY,
        token_sha256 bytea       NOT NULL UNIQUE,
        expires_at   timestamptz NOT NULL
      );
      -- Short rows that change with every attempt: half-full pages keep the changes out of the indexes, but for the times of resets.
      CREATE TABLE attempt_budget (
        digest    bytea       PRIMARY KEY,
        spent     integer     NOT NULL,
        began_at  timestamptz NOT NULL,
        resets_at timestamptz NOT NULL
      ) WITH (fillfactor = 50);
      CREATE INDEX attempt_budget_resets_at ON attempt_budget (resets_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE attempt_budget, password_reset, user_password');
  }
}

export const passwordMigrations: readonly MigrationClass[] = [CreatePasswords1763730000002];
