import type { MigrationInterface, QueryRunner } from 'typeorm';
import { FindTelemetryParts1763683200204 } from './telemetry-parts-migration';

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

/** What nodes of enforcement have decided. Unlike events of commands it is kept for a time only, and encrypted. */
export class CreateDecisionLog1763683200202 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE decision_batches (
        source      text   COLLATE "C" NOT NULL,
        position    bigint NOT NULL CHECK (position > 0),
        event_id    text   NOT NULL,
        type        text   NOT NULL,
        decisions   integer NOT NULL,
        -- Of its decisions; null without any.
        first_at    timestamptz(3),
        last_at     timestamptz(3),
        -- Of the message.
        bytes       integer NOT NULL,
        recorded_at timestamptz(3) NOT NULL,
        CONSTRAINT decision_batches_pkey PRIMARY KEY (source, position),
        CONSTRAINT decision_batches_id_key UNIQUE (source, event_id)
      );
      CREATE INDEX decision_batches_oldest ON decision_batches (recorded_at);

      -- What a batch says of one workspace, under that workspace's key.
      CREATE TABLE decision_parts (
        source       text   COLLATE "C" NOT NULL,
        position     bigint NOT NULL,
        workspace_id text   COLLATE "C" NOT NULL,
        decisions    integer NOT NULL,
        content      bytea  NOT NULL,
        CONSTRAINT decision_parts_pkey PRIMARY KEY (source, position, workspace_id),
        FOREIGN KEY (source, position) REFERENCES decision_batches ON DELETE CASCADE
      );

      -- Deleting a row makes all that is kept of the workspace's decisions unreadable.
      CREATE TABLE workspace_keys (
        workspace_id text  COLLATE "C" PRIMARY KEY,
        -- 256 random bits, encrypted under a key that is derived from the installation's master key.
        wrapped      bytea NOT NULL
      );

      -- Boots of nodes.
      CREATE TABLE decision_sources (
        source       text COLLATE "C" PRIMARY KEY,
        node         text COLLATE "C" NOT NULL,
        boot         text COLLATE "C" NOT NULL,
        heartbeat_ms integer NOT NULL,
        last_seen_at timestamptz(3) NOT NULL,
        stopped      boolean NOT NULL,
        -- Decisions that the node has lost in this boot, as it says itself.
        dropped      bigint NOT NULL
      );
      CREATE INDEX decision_sources_of_node ON decision_sources (node, boot);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE decision_sources, workspace_keys, decision_parts, decision_batches');
  }
}

export class SealParkedMessages1763683200203 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Whether the value is encrypted. Those of before are not.
      ALTER TABLE parked_messages ADD COLUMN sealed boolean NOT NULL DEFAULT false;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE parked_messages DROP COLUMN sealed');
  }
}

/** The audit's own schema. */
export const auditMigrations = [
  CreateAuditLog1763683200201,
  CreateDecisionLog1763683200202,
  SealParkedMessages1763683200203,
  FindTelemetryParts1763683200204,
] as const;
