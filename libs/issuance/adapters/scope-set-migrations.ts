import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateScopeSets1763790000000 implements MigrationInterface {
  readonly name = 'CreateScopeSets1763790000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE scope_set_list (
        scope_set_id   text COLLATE "C" PRIMARY KEY,
        workspace_id   text COLLATE "C" NOT NULL,
        name           text             NOT NULL,
        description    text             NOT NULL,
        scopes         jsonb            NOT NULL,
        scopes_as_sent jsonb            NOT NULL,
        created_at     timestamptz(3)   NOT NULL,
        changed_at     timestamptz(3)   NOT NULL
      );
      CREATE INDEX scope_set_list_newest ON scope_set_list (workspace_id, created_at DESC, scope_set_id DESC);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE scope_set_list');
  }
}
