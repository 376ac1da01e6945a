import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables of live state in the schema of each service that owns subjects. */
class LiveState1763700000000 implements MigrationInterface {
  readonly name = 'LiveState1763700000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE subject_state (
        kind text NOT NULL,
        id text NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        body jsonb NOT NULL,
        PRIMARY KEY (kind, id)
      )`);
    // A row stays until every shard has been renewed after the invalidation. Without workspace: of all shards.
    await runner.query(`
      CREATE TABLE pending_invalidation (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind text NOT NULL,
        subject_id text NOT NULL,
        version integer NOT NULL,
        workspace_id text
      )`);
    // One row per shard: under which incarnation, and when a fence may last have been renewed.
    await runner.query(`
      CREATE TABLE fence_renewal (
        shard integer PRIMARY KEY,
        incarnation text NOT NULL,
        last_possible_at timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE subject_state, pending_invalidation, fence_renewal');
  }
}

export const liveStateMigrations = [LiveState1763700000000];
