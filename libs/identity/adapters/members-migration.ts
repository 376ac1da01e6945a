import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who is in a workspace, how a user can be reached, and invitations. */
export class CreateMembers1763760000000 implements MigrationInterface {
  readonly name = 'CreateMembers1763760000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE user_contact
        -- For clients that know users by an integer (S2-04).
        ADD number            integer GENERATED ALWAYS AS IDENTITY UNIQUE,
        ADD canonical_email   text COLLATE "C",
        ADD email_verified_at timestamptz(3),
        ADD name              text,
        ADD last_workspace_id text;
      UPDATE user_contact SET canonical_email = lower(email);
      ALTER TABLE user_contact
        ALTER canonical_email SET NOT NULL,
        ADD CONSTRAINT user_contact_email UNIQUE (canonical_email);

      CREATE TABLE workspace_member (
        workspace_id text COLLATE "C" NOT NULL,
        user_id      text COLLATE "C" NOT NULL,
        role         text             NOT NULL,
        suspended    boolean          NOT NULL,
        joined_at    timestamptz(3)   NOT NULL,
        PRIMARY KEY (workspace_id, user_id)
      );
      CREATE INDEX workspace_member_oldest ON workspace_member (workspace_id, joined_at, user_id);
      CREATE INDEX workspace_member_user ON workspace_member (user_id, workspace_id);
      INSERT INTO workspace_member (workspace_id, user_id, role, suspended, joined_at)
        SELECT workspace_id, s.id, role, false, (e.meta ->> 'at')::timestamptz
          FROM subject_state s
          CROSS JOIN jsonb_each_text(s.body -> 'roles') AS r (workspace_id, role)
          JOIN events e ON e.stream_id = s.id AND e.version = 1
         WHERE s.kind = 'user';

      -- Whom an invitation is for, until it is accepted or withdrawn. Its token is in the mail alone.
      CREATE TABLE invitation (
        invitation_id   text COLLATE "C" PRIMARY KEY,
        workspace_id    text COLLATE "C" NOT NULL,
        role            text             NOT NULL,
        email           text             NOT NULL,
        canonical_email text COLLATE "C" NOT NULL,
        token_sha256    bytea            NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
        invited_by      text             NOT NULL,
        created_at      timestamptz(3)   NOT NULL,
        expires_at      timestamptz(3)   NOT NULL,
        CONSTRAINT invitation_address UNIQUE (canonical_email, workspace_id)
      );
      CREATE INDEX invitation_oldest ON invitation (workspace_id, created_at, invitation_id);

      CREATE TABLE mail_outbox (
        mail_id   text COLLATE "C" PRIMARY KEY,
        -- In canonical form, so that it can be erased with its mails.
        recipient text COLLATE "C" NOT NULL,
        sealed    bytea            NOT NULL
      );
      CREATE INDEX mail_outbox_recipient ON mail_outbox (recipient);

      -- Bodies that are older than these members.
      UPDATE subject_state SET body = '{"formerMembersKeys": "end", "secondFactor": "optional"}'::jsonb || body
        WHERE kind = 'workspace';
      UPDATE subject_state SET body = '{"sessionGeneration": 0}'::jsonb || body WHERE kind = 'user';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE mail_outbox, invitation, workspace_member;
      ALTER TABLE user_contact
        DROP number, DROP canonical_email, DROP email_verified_at, DROP name, DROP last_workspace_id;
    `);
  }
}

/** Scope sets came later than members. */
export class AddMemberScopeSets1763830000000 implements MigrationInterface {
  readonly name = 'AddMemberScopeSets1763830000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE workspace_member ADD scope_set_ids jsonb NOT NULL DEFAULT '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE workspace_member DROP scope_set_ids');
  }
}
