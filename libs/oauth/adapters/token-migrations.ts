import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSigningKeys1763800200000 implements MigrationInterface {
  readonly name = 'CreateSigningKeys1763800200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Private signing keys, sealed under the master key. One goes when its key signs no more.
      CREATE TABLE signing_key_private (
        kid    text COLLATE "C" PRIMARY KEY,
        sealed bytea NOT NULL
      );

      -- Assertions that clients have authenticated themselves with: each is good once, whichever process it comes to.
      CREATE TABLE used_assertion (
        client_id  text COLLATE "C" NOT NULL,
        jti        text COLLATE "C" NOT NULL,
        expires_at timestamptz(3)   NOT NULL,
        PRIMARY KEY (client_id, jti)
      );
      CREATE INDEX used_assertion_expiry ON used_assertion (expires_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE used_assertion, signing_key_private');
  }
}
