import { eventStoreMigrations, type MigrationClass } from '@latchkey/event-store';
import { liveStateMigrations } from '@latchkey/live-state';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CreateKeyClock1763800000000 } from './clock/clock-migration';
import { CreateAssetSource1763810000000 } from './assets/asset-source-migration';
import { IndexEndedKeys1763870000000 } from './key-index-migrations';
import { CreateKeyLeaks1763850000000 } from './leaks/leak-migration';
import { CreateScopeSets1763790000000 } from './scope-set-migrations';

class CreateKeys1763710000000 implements MigrationInterface {
  readonly name = 'CreateKeys1763710000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE key_list (
        key_id             text COLLATE "C" PRIMARY KEY,
        workspace_id       text COLLATE "C" NOT NULL,
        display_id         text COLLATE "C" NOT NULL,
        user_id            text             NOT NULL,
        name               text             NOT NULL,
        scopes             jsonb            NOT NULL,
        scopes_as_sent     jsonb            NOT NULL,
        allowed_ips        jsonb            NOT NULL,
        assets             jsonb            NOT NULL,
        plan               text             NOT NULL,
        secrets            jsonb            NOT NULL,
        last_secret_number integer          NOT NULL,
        created_at         timestamptz(3)   NOT NULL,
        expires_at         timestamptz(3),
        revoked_at         timestamptz(3)
      );
      CREATE UNIQUE INDEX key_list_display_id ON key_list (workspace_id, display_id);
      CREATE INDEX key_list_newest ON key_list (workspace_id, created_at DESC, key_id DESC);
      CREATE INDEX key_list_newest_live ON key_list (workspace_id, created_at DESC, key_id DESC)
        WHERE revoked_at IS NULL;

      -- Keys that are not revoked, by workspace: counting them would cost more with every key (C33).
      CREATE TABLE key_count (
        workspace_id text COLLATE "C" PRIMARY KEY,
        live         bigint NOT NULL CHECK (live >= 0)
      );

      -- What a secret's digest stands for. Rows never change; that of a revoked key still tells "revoked" from "unknown".
      CREATE TABLE credential_digest (
        digest         bytea   PRIMARY KEY CHECK (length(digest) = 32),
        pepper_version integer NOT NULL,
        workspace_id   text    NOT NULL,
        key_id         text    NOT NULL,
        secret_number  integer NOT NULL,
        UNIQUE (key_id, secret_number)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE credential_digest, key_count, key_list');
  }
}

/** The index of admin keys: revoking one asks whether another remains, however many other keys there are. */
class IndexAdminKeys1763720000000 implements MigrationInterface {
  readonly name = 'IndexAdminKeys1763720000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX key_list_admins ON key_list (workspace_id) WHERE revoked_at IS NULL AND scopes @> '["admin:full"]'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX key_list_admins');
  }
}

/** Requests that issued a secret, so that a repeated one is known (C31). */
class RememberRequests1763730000000 implements MigrationInterface {
  readonly name = 'RememberRequests1763730000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE idempotency (
        workspace_id    text COLLATE "C" NOT NULL,
        actor_id        text COLLATE "C" NOT NULL,
        idempotency_key text COLLATE "C" NOT NULL,
        operation       text             NOT NULL,
        request_digest  bytea            NOT NULL CHECK (length(request_digest) = 32),
        key_id          text COLLATE "C" NOT NULL,
        secret_number   integer          NOT NULL,
        created_at      timestamptz(3)   NOT NULL,
        -- Somebody has sent the request again, so the secret reached nobody.
        replayed_at     timestamptz(3),
        PRIMARY KEY (workspace_id, actor_id, idempotency_key)
      );
      CREATE INDEX idempotency_oldest ON idempotency (created_at);
      CREATE INDEX idempotency_lost ON idempotency (key_id, secret_number) WHERE replayed_at IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency');
  }
}

/** When each secret was last used: seen from the record of decisions, so neither history nor part of a rebuild. */
class CreateKeyLastUsed1763740000000 implements MigrationInterface {
  readonly name = 'CreateKeyLastUsed1763740000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE key_last_used (
        key_id        text COLLATE "C" NOT NULL,
        secret_number integer          NOT NULL,
        last_used_at  timestamptz(3)   NOT NULL,
        PRIMARY KEY (key_id, secret_number)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE key_last_used');
  }
}

/** One row per workspace made everybody who creates a key there wait for everybody else's commit. */
class SlotKeyCount1763750000000 implements MigrationInterface {
  readonly name = 'SlotKeyCount1763750000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE key_count;
      -- Where a key counts, for ever: a revoke finds its key there.
      CREATE FUNCTION key_count_slot(key_id text) RETURNS smallint LANGUAGE sql IMMUTABLE AS
        $$ SELECT (get_byte(sha256(convert_to(key_id, 'UTF8')), 0) % 64)::smallint $$;
      -- Keys that are not revoked, by workspace: counting them would cost more with every key (C33).
      CREATE TABLE key_count (
        workspace_id text COLLATE "C" NOT NULL,
        slot         smallint         NOT NULL,
        live         bigint           NOT NULL CHECK (live >= 0),
        PRIMARY KEY (workspace_id, slot)
      );
      INSERT INTO key_count
        SELECT workspace_id, key_count_slot(key_id), count(*) FILTER (WHERE revoked_at IS NULL) FROM key_list GROUP BY 1, 2;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TEMPORARY TABLE counted ON COMMIT DROP AS
        SELECT workspace_id, sum(live)::bigint AS live FROM key_count GROUP BY 1;
      DROP TABLE key_count;
      DROP FUNCTION key_count_slot;
      CREATE TABLE key_count (workspace_id text COLLATE "C" PRIMARY KEY, live bigint NOT NULL CHECK (live >= 0));
      INSERT INTO key_count SELECT * FROM counted;
    `);
  }
}

/** Members see keys of their own. */
class IndexMembersKeys1763760000000 implements MigrationInterface {
  readonly name = 'IndexMembersKeys1763760000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX key_list_members ON key_list (workspace_id, user_id, created_at DESC, key_id DESC)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX key_list_members');
  }
}

/** Keys whose newest secret is old. It stands last, and its time is text that sorts as times do. */
class IndexOldestSecrets1763770000000 implements MigrationInterface {
  readonly name = 'IndexOldestSecrets1763770000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX key_list_oldest_secrets ON key_list (workspace_id, ((secrets -> -1 ->> 'created_at') COLLATE "C"), key_id)
       WHERE revoked_at IS NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX key_list_oldest_secrets');
  }
}

/** What came to the life of a key: being suspended, scope sets, tags, an origin elsewhere, and what is on record of its end and its rotation. */
class WidenKeyList1763780000000 implements MigrationInterface {
  readonly name = 'WidenKeyList1763780000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE key_list
        ADD scope_set_ids            jsonb   NOT NULL DEFAULT '[]',
        ADD tags                     jsonb   NOT NULL DEFAULT '[]',
        ADD imported_prefix          text,
        ADD grace_until              timestamptz(3),
        ADD replaced_at              timestamptz(3),
        ADD ends_when_silent_seconds double precision,
        ADD stalled                  boolean NOT NULL DEFAULT false,
        ADD expired_at               timestamptz(3),
        ADD reminded_days            jsonb   NOT NULL DEFAULT '[]',
        ADD suspended_at             timestamptz(3);

      -- When an old secret was replaced stood in the events alone.
      UPDATE key_list SET grace_until = old.grace_until, replaced_at = old.replaced_at
        FROM (
          SELECT key_id, (secret ->> 'grace_until')::timestamptz AS grace_until, (
                   SELECT min((rotated.data ->> 'rotatedAt')::timestamptz)
                     FROM (SELECT convert_from(data, 'UTF8')::jsonb AS data FROM events
                            WHERE stream_id = key_id AND type = 'latchkey.key.rotated.v1') rotated
                    WHERE rotated.data ->> 'oldSecretId' = key_id || '.' || (secret ->> 'number')) AS replaced_at
            FROM key_list, jsonb_array_elements(secrets) secret
           WHERE secret ->> 'grace_until' IS NOT NULL) old
       WHERE key_list.key_id = old.key_id;

      CREATE INDEX key_list_expiring ON key_list (expires_at)
        WHERE revoked_at IS NULL AND expired_at IS NULL AND expires_at IS NOT NULL;
      CREATE INDEX key_list_tags ON key_list USING gin (tags) WHERE revoked_at IS NULL AND tags <> '[]';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE key_list
        DROP scope_set_ids, DROP tags, DROP imported_prefix, DROP grace_until, DROP replaced_at,
        DROP ends_when_silent_seconds, DROP stalled, DROP expired_at, DROP reminded_days, DROP suspended_at;
    `);
  }
}

/** Keys by name, by expiry and by last use: a page of a list that is sorted so costs the same wherever it begins. */
class IndexSortedKeys1763791000000 implements MigrationInterface {
  readonly name = 'IndexSortedKeys1763791000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX key_list_by_name ON key_list (workspace_id, (name COLLATE "C"), key_id);
      CREATE INDEX key_list_by_expiry ON key_list (workspace_id, (coalesce(expires_at, 'infinity'::timestamptz)), key_id);

      ALTER TABLE key_last_used ADD workspace_id text COLLATE "C";
      UPDATE key_last_used SET workspace_id = key_list.workspace_id
        FROM key_list WHERE key_list.key_id = key_last_used.key_id;
      DELETE FROM key_last_used WHERE workspace_id IS NULL;
      ALTER TABLE key_last_used ALTER workspace_id SET NOT NULL;
      CREATE INDEX key_last_used_latest ON key_last_used (workspace_id, last_used_at, key_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX key_list_by_name, key_list_by_expiry;
      ALTER TABLE key_last_used DROP workspace_id;
    `);
  }
}

/** Of keys that were suspended before it nobody is on record. */
class NoteWhoSuspends1763860000000 implements MigrationInterface {
  readonly name = 'NoteWhoSuspends1763860000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE key_list ADD suspended_by text COLLATE "C"');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE key_list DROP suspended_by');
  }
}

/** All tables of issuance's schema. */
export const issuanceMigrations: readonly MigrationClass[] = [
  ...eventStoreMigrations,
  ...liveStateMigrations,
  CreateKeys1763710000000,
  IndexAdminKeys1763720000000,
  RememberRequests1763730000000,
  CreateKeyLastUsed1763740000000,
  SlotKeyCount1763750000000,
  IndexMembersKeys1763760000000,
  IndexOldestSecrets1763770000000,
  CreateScopeSets1763790000000,
  CreateKeyLeaks1763850000000,
  WidenKeyList1763780000000,
  IndexSortedKeys1763791000000,
  CreateKeyClock1763800000000,
  CreateAssetSource1763810000000,
  NoteWhoSuspends1763860000000,
  IndexEndedKeys1763870000000,
];
