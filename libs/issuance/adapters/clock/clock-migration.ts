import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the clock of keys goes by, and who still uses the old secrets of rotations. Seen from outside, so no part of a rebuild. */
export class CreateKeyClock1763800000000 implements MigrationInterface {
  readonly name = 'CreateKeyClock1763800000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Up to which expiry keys have been looked at, for each number of days before it.
      CREATE TABLE reminder_mark (
        days_before smallint         PRIMARY KEY,
        expires_at  timestamptz(3)   NOT NULL,
        key_id      text COLLATE "C" NOT NULL
      );
      -- In the order in which they are walked through.
      DROP INDEX key_list_expiring;
      CREATE INDEX key_list_expiring ON key_list (expires_at, key_id)
        WHERE revoked_at IS NULL AND expired_at IS NULL AND expires_at IS NOT NULL;

      -- Secrets in a grace period: a key has one at most. It goes when that ends, and what is known of its users with it.
      CREATE TABLE old_secret (
        key_id        text COLLATE "C" PRIMARY KEY,
        secret_number integer          NOT NULL,
        look_at       timestamptz(3)   NOT NULL,
        -- The last batch of each boot of a node whose uses have been counted.
        counted       jsonb            NOT NULL DEFAULT '{}'
      );
      CREATE INDEX old_secret_looks ON old_secret (look_at, key_id);
      CREATE TABLE old_secret_user (
        key_id        text COLLATE "C" NOT NULL REFERENCES old_secret ON DELETE CASCADE,
        -- All those for whom there is no row of their own; else an address and what a program calls itself, empty where not known.
        others        boolean          NOT NULL,
        ip            text COLLATE "C" NOT NULL,
        user_agent    text COLLATE "C" NOT NULL,
        first_used_at timestamptz(3)   NOT NULL,
        last_used_at  timestamptz(3)   NOT NULL,
        uses          bigint           NOT NULL,
        PRIMARY KEY (key_id, others, ip, user_agent)
      );
      INSERT INTO old_secret (key_id, secret_number, look_at)
        SELECT key_id, (secret ->> 'number')::integer, now()
          FROM key_list, jsonb_array_elements(secrets) secret
         WHERE revoked_at IS NULL AND (secret ->> 'grace_until')::timestamptz > now();

      -- Nodes of enforcement, and up to when all that each has decided is known.
      CREATE TABLE decision_node (
        node     text COLLATE "C" PRIMARY KEY,
        heard_at timestamptz(3)   NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE decision_node, old_secret_user, old_secret, reminder_mark;
      DROP INDEX key_list_expiring;
      CREATE INDEX key_list_expiring ON key_list (expires_at)
        WHERE revoked_at IS NULL AND expired_at IS NULL AND expires_at IS NOT NULL;
    `);
  }
}
