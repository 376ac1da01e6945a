import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Parts of batches are found by when they were and whether anybody was kept out, and end with the user whom they are about. */
export class FindTelemetryParts1763683200204 implements MigrationInterface {
  readonly name = 'FindTelemetryParts1763683200204';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE decision_parts
        DROP CONSTRAINT decision_parts_pkey,
        -- Says nothing of which batch it is of: those who read are shown it.
        ADD COLUMN part     uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
        -- Null for events of types that were not known.
        ADD COLUMN kind     text COLLATE "C",
        ADD COLUMN user_id  text COLLATE "C",
        -- Entries that say that somebody was kept out.
        ADD COLUMN denied   integer,
        -- Of its entries, which lie in one minute; null without any.
        ADD COLUMN first_at timestamptz(3),
        ADD COLUMN last_at  timestamptz(3);
      -- Several people's attempts to sign in stand in one part, which cannot end with one of them. No release has made such parts.
      DELETE FROM decision_parts USING decision_batches AS batch
        WHERE (batch.source, batch.position) = (decision_parts.source, decision_parts.position)
          AND batch.type = 'latchkey.sign_ins.recorded.v1';
      -- How many were denied cannot be seen from here: all may have been.
      UPDATE decision_parts SET kind = 'decisions', denied = decision_parts.decisions, first_at = batch.first_at, last_at = batch.last_at
        FROM decision_batches AS batch
        WHERE (batch.source, batch.position) = (decision_parts.source, decision_parts.position)
          AND batch.type = 'latchkey.decisions.recorded.v1';
      UPDATE decision_parts SET denied = 0 WHERE denied IS NULL;
      ALTER TABLE decision_parts ALTER COLUMN denied SET NOT NULL;
      CREATE INDEX decision_parts_of_batch ON decision_parts (source, position);
      CREATE INDEX decision_parts_newest ON decision_parts (workspace_id, kind, last_at DESC, part DESC);
      CREATE INDEX decision_parts_newest_denied ON decision_parts (workspace_id, kind, last_at DESC, part DESC)
        WHERE denied > 0;
      CREATE INDEX decision_parts_of_user ON decision_parts (user_id) WHERE user_id IS NOT NULL;

      -- What comes about them later is not kept either.
      CREATE TABLE erased_users (
        user_id   text COLLATE "C" PRIMARY KEY,
        erased_at timestamptz(3) NOT NULL
      );
      INSERT INTO erased_users
        SELECT subject, min(time) FROM audit_events WHERE type = 'latchkey.user.erased.v1' GROUP BY subject;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE erased_users;
      -- Of a batch, only one part of each workspace has a place in what was before.
      DELETE FROM decision_parts AS part USING decision_parts AS other
        WHERE (part.source, part.position, part.workspace_id) = (other.source, other.position, other.workspace_id)
          AND part.part > other.part;
      DROP INDEX decision_parts_of_batch, decision_parts_newest, decision_parts_newest_denied, decision_parts_of_user;
      ALTER TABLE decision_parts
        DROP COLUMN part, DROP COLUMN kind, DROP COLUMN user_id, DROP COLUMN denied, DROP COLUMN first_at, DROP COLUMN last_at,
        ADD CONSTRAINT decision_parts_pkey PRIMARY KEY (source, position, workspace_id);
    `);
  }
}
