import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reports of secrets that were found in public. */
export class CreateKeyLeaks1763850000000 implements MigrationInterface {
  readonly name = 'CreateKeyLeaks1763850000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE key_leak (
        key_id       text COLLATE "C" NOT NULL,
        leak_id      text COLLATE "C" NOT NULL UNIQUE,
        workspace_id text COLLATE "C" NOT NULL,
        user_id      text COLLATE "C" NOT NULL,
        key_name     text             NOT NULL,
        secret_id    text COLLATE "C" NOT NULL,
        reporter     text             NOT NULL,
        source       text             NOT NULL,
        url          text             NOT NULL,
        policy       text             NOT NULL,
        reported_at  timestamptz(3)   NOT NULL,
        PRIMARY KEY (key_id, leak_id)
      );
      CREATE INDEX key_leak_newest ON key_leak (workspace_id, reported_at DESC, leak_id DESC);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE key_leak');
  }
}
