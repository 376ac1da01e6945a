import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateEventBus1763683200101 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE topics (
        topic      text    CONSTRAINT topics_pkey PRIMARY KEY,
        partitions integer NOT NULL CHECK (partitions > 0)
      );
      -- Whoever publishes holds the partition's row until the commit: places are gapless, and in order of commit.
      CREATE TABLE partitions (
        topic      text    NOT NULL REFERENCES topics,
        partition  integer NOT NULL,
        next_place bigint  NOT NULL DEFAULT 0,
        CONSTRAINT partitions_pkey PRIMARY KEY (topic, partition)
      );
      CREATE TABLE messages (
        topic        text        NOT NULL,
        partition    integer     NOT NULL,
        place        bigint      NOT NULL,
        key          text        NOT NULL,
        value        bytea       NOT NULL,
        published_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT messages_pkey PRIMARY KEY (topic, partition, place)
      );
      CREATE TABLE group_places (
        group_name text    NOT NULL,
        topic      text    NOT NULL,
        partition  integer NOT NULL,
        next_place bigint  NOT NULL DEFAULT 0,
        CONSTRAINT group_places_pkey PRIMARY KEY (group_name, topic, partition),
        FOREIGN KEY (topic, partition) REFERENCES partitions
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE group_places, messages, partitions, topics');
  }
}

/**
 * The schema of the event bus, one per installation. Messages are kept for ever, except of topics that the bus forgets, so that a new reader can begin at the start;
 * an operator may delete those before a place that every group has passed.
 */
export const eventBusMigrations = [CreateEventBus1763683200101] as const;
