import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A migration's class name ends in the Unix ms of its making; TypeORM runs them in that order. */
export type MigrationClass = new () => MigrationInterface;

export class CreateEventStore1763683200001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE events (
        stream_id text    NOT NULL CHECK (stream_id <> ''),
        version   integer NOT NULL CHECK (version > 0),
        event_id  uuid    NOT NULL CONSTRAINT events_event_id_key UNIQUE,
        type      text    NOT NULL,
        data      bytea   NOT NULL,
        meta      jsonb   NOT NULL,
        CONSTRAINT events_pkey PRIMARY KEY (stream_id, version)
      );
      CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'events are only ever added'; END $$;
      CREATE TRIGGER events_are_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change();

      -- Events that have no position yet, in the order in which they were written. Each row is soon deleted: vacuum by number.
      CREATE TABLE outbox (
        seq       bigserial PRIMARY KEY,
        stream_id text      NOT NULL,
        version   integer   NOT NULL
      ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
      CREATE TABLE positions (
        position  bigint  CONSTRAINT positions_pkey PRIMARY KEY,
        stream_id text    NOT NULL,
        version   integer NOT NULL,
        CONSTRAINT positions_event_key UNIQUE (stream_id, version)
      );
      -- One row: who leads (token), and how far the relay is.
      CREATE TABLE relay (
        only_row       boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        token          bigint  NOT NULL DEFAULT 0,
        last_position  bigint  NOT NULL DEFAULT 0,
        published_upto bigint  NOT NULL DEFAULT 0
      );
      INSERT INTO relay DEFAULT VALUES;

      CREATE TABLE claims (
        scope     text NOT NULL,
        value     text NOT NULL,
        stream_id text NOT NULL,
        CONSTRAINT claims_pkey PRIMARY KEY (scope, value)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE claims, relay, positions, outbox, events; DROP FUNCTION refuse_event_change');
  }
}

/** For a service that owns aggregates. */
export const eventStoreMigrations: readonly MigrationClass[] = [CreateEventStore1763683200001];

export class CreateProjectionRunner1763683200002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE projection_progress (
        projection   text        NOT NULL,
        aggregate_id text        NOT NULL,
        version      integer     NOT NULL DEFAULT 0,
        degraded     boolean     NOT NULL DEFAULT false,
        as_of        timestamptz,
        PRIMARY KEY (projection, aggregate_id)
      );
      CREATE INDEX projection_progress_as_of ON projection_progress (projection, as_of DESC NULLS LAST);
      CREATE INDEX projection_progress_degraded ON projection_progress (projection, aggregate_id) WHERE degraded;

      CREATE TABLE parked_events (
        id           bigserial PRIMARY KEY,
        projection   text        NOT NULL,
        aggregate_id text        NOT NULL,
        version      integer,
        value        bytea       NOT NULL,
        digest       bytea       NOT NULL GENERATED ALWAYS AS (sha256(value)) STORED,
        reason       text        NOT NULL,
        parked_at    timestamptz NOT NULL DEFAULT now(),
        -- The same message, delivered again, is parked once.
        UNIQUE (projection, aggregate_id, digest)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE parked_events, projection_progress');
  }
}

/** For a service that keeps read models of other services' events. */
export const projectionMigrations: readonly MigrationClass[] = [CreateProjectionRunner1763683200002];
