import { createIssuedSecrets } from '@latchkey/event-store';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateClients1763800100000 implements MigrationInterface {
  readonly name = 'CreateClients1763800100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE client_list (
        client_id              text COLLATE "C" PRIMARY KEY,
        -- Of the events that are in the row.
        version                integer          NOT NULL,
        workspace_id           text COLLATE "C" NOT NULL,
        user_id                text COLLATE "C" NOT NULL,
        name                   text             NOT NULL,
        scopes                 jsonb            NOT NULL,
        scopes_as_sent         jsonb            NOT NULL,
        allowed_ips            jsonb            NOT NULL,
        assets                 jsonb            NOT NULL,
        plan                   text             NOT NULL,
        token_lifetime_seconds integer          NOT NULL,
        authentication         text             NOT NULL,
        public_keys            jsonb            NOT NULL,
        secrets                jsonb            NOT NULL,
        last_secret_number     integer          NOT NULL,
        token_generation       integer          NOT NULL,
        revoked_tokens         jsonb            NOT NULL,
        created_at             timestamptz(3)   NOT NULL,
        suspended_at           timestamptz(3),
        deleted_at             timestamptz(3)
      );
      CREATE INDEX client_list_newest ON client_list (workspace_id, created_at DESC, client_id DESC);
      CREATE INDEX client_list_members ON client_list (workspace_id, user_id, created_at DESC, client_id DESC);

      -- What a client secret's digest stands for. Rows never change; that of a deleted client still tells "ended" from "unknown".
      CREATE TABLE client_secret_digest (
        digest         bytea   PRIMARY KEY CHECK (length(digest) = 32),
        pepper_version integer NOT NULL,
        workspace_id   text    NOT NULL,
        client_id      text    NOT NULL,
        secret_number  integer NOT NULL,
        UNIQUE (client_id, secret_number)
      );
    `);
    await createIssuedSecrets(runner, 'client_id');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency, client_secret_digest, client_list');
  }
}

export class CreateClientUses1763800300000 implements MigrationInterface {
  readonly name = 'CreateClientUses1763800300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- When clients last got a token. It comes from telemetry, and is no part of their history.
      CREATE TABLE client_last_used (
        client_id    text COLLATE "C" PRIMARY KEY,
        last_used_at timestamptz(3)   NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE client_last_used');
  }
}

/** Scope sets came later than clients. */
export class AddClientScopeSets1763800400000 implements MigrationInterface {
  readonly name = 'AddClientScopeSets1763800400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE client_list ADD scope_set_ids jsonb NOT NULL DEFAULT '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE client_list DROP scope_set_ids');
  }
}
