import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where each workspace has its assets from. */
export class CreateAssetSource1763810000000 implements MigrationInterface {
  readonly name = 'CreateAssetSource1763810000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE asset_source (
        asset_source_id text COLLATE "C" PRIMARY KEY,
        source          jsonb NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE asset_source');
  }
}
