import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Second factors, and who is about to show one. All of it can be erased. */
export class CreateSecondFactors1763780000000 implements MigrationInterface {
  readonly name = 'CreateSecondFactors1763780000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE totp (
        user_id text COLLATE "C" PRIMARY KEY,
        sealed  bytea            NOT NULL
      );
      -- The latest step of which a code was taken. It stays when the authenticator goes, so that no step is ever used twice.
      CREATE TABLE totp_step (
        user_id text COLLATE "C" PRIMARY KEY,
        step    integer          NOT NULL
      );
      CREATE TABLE recovery_code (
        user_id text COLLATE "C" NOT NULL,
        digest  bytea            NOT NULL,
        PRIMARY KEY (user_id, digest)
      );
      CREATE TABLE mfa_challenge (
        token_sha256  bytea            PRIMARY KEY,
        user_id       text COLLATE "C" NOT NULL,
        workspace_id  text COLLATE "C" NOT NULL,
        generation    integer          NOT NULL,
        email_code    bytea,
        attempts_left smallint         NOT NULL,
        expires_at    timestamptz(3)   NOT NULL
      );
      CREATE INDEX mfa_challenge_expiry ON mfa_challenge (expires_at);
      CREATE TABLE mfa_enrolment (
        user_id       text COLLATE "C" NOT NULL,
        method        text             NOT NULL,
        enrolment_id  text COLLATE "C" NOT NULL UNIQUE,
        generation    integer          NOT NULL,
        sealed_seed   bytea CHECK ((sealed_seed IS NOT NULL) = (method = 'totp')),
        email_code    bytea CHECK ((email_code IS NOT NULL) = (method = 'email')),
        attempts_left smallint         NOT NULL,
        expires_at    timestamptz(3)   NOT NULL,
        PRIMARY KEY (user_id, method)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE mfa_enrolment, mfa_challenge, recovery_code, totp_step, totp');
  }
}
