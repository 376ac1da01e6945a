import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who looks for the few keys that were revoked or suspended does not look at all others. */
export class IndexEndedKeys1763870000000 implements MigrationInterface {
  readonly name = 'IndexEndedKeys1763870000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX key_list_revoked ON key_list (workspace_id, created_at DESC, key_id DESC) WHERE revoked_at IS NOT NULL;
      CREATE INDEX key_list_suspended ON key_list (workspace_id, created_at DESC, key_id DESC)
        WHERE revoked_at IS NULL AND suspended_at IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX key_list_revoked, key_list_suspended');
  }
}
