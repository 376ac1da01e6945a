import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAuditLog1763683200201 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_events (
        source       text   COLLATE "C" NOT NULL,
        position     bigint NOT NULL CHECK (position > 0),
        event_id     text   NOT NULL,
        type         text   NOT NULL,
        -- Milliseconds, as a cursor carries them.
        time         timestamptz(3) NOT NULL,
        subject      text   NOT NULL,
        workspace_id text   NOT NULL,
        actor_id     text   NOT NULL,
        request_id   text   NOT NULL,
        -- The message as it came, byte for byte.
        event        bytea  NOT NULL,
        recorded_at  timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT audit_events_pkey PRIMARY KEY (source, position),
        CONSTRAINT audit_events_id_key UNIQUE (source, event_id)
      );
      CREATE INDEX audit_events_newest ON audit_events (workspace_id, time DESC, source DESC, position DESC);
      CREATE INDEX audit_events_subject ON audit_events (workspace_id, subject, time DESC, source DESC, position DESC);
      CREATE INDEX audit_events_actor ON audit_events (workspace_id, actor_id, time DESC, source DESC, position DESC);
      CREATE INDEX audit_events_request ON audit_events (workspace_id, request_id);
      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'audit events are only ever added'; END $$;
      CREATE TRIGGER audit_events_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

      -- Positions of each source that follow each other without a gap; one row per source while nothing is missing.
      CREATE TABLE position_ranges (
        source         text   COLLATE "C" NOT NULL,
        first_position bigint NOT NULL,
        last_position  bigint NOT NULL CHECK (last_position >= first_position),
        gap_since      timestamptz(3) NOT NULL,
        CONSTRAINT position_ranges_pkey PRIMARY KEY (source, first_position)
      );

      CREATE TABLE parked_messages (
        topic     text        NOT NULL,
        partition integer     NOT NULL,
        place     bigint      NOT NULL,
        value     bytea       NOT NULL,
        reason    text        NOT NULL,
        parked_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT parked_messages_pkey PRIMARY KEY (topic, partition, place)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE parked_messages, position_ranges, audit_events; DROP FUNCTION refuse_change');
  }
}

/** The audit's own schema. */
export const auditMigrations = [CreateAuditLog1763683200201] as const;
