import type { MigrationInterface, QueryRunner } from 'typeorm';

/** From where users have signed in of late. All of it can be erased. */
export class CreateFamiliarNetworks1763820000000 implements MigrationInterface {
  readonly name = 'CreateFamiliarNetworks1763820000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE familiar_network (
        user_id    text COLLATE "C" NOT NULL,
        network    text COLLATE "C" NOT NULL,
        expires_at timestamptz(3)   NOT NULL,
        PRIMARY KEY (user_id, network)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE familiar_network');
  }
}
