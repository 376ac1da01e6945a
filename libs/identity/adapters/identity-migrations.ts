import { eventStoreMigrations, type MigrationClass } from '@latchkey/event-store';
import { liveStateMigrations } from '@latchkey/live-state';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { mailMigrations } from './mail/mail-migration';
import { CreateFamiliarNetworks1763820000000 } from './familiar-networks-migration';
import { AddMemberScopeSets1763830000000, CreateMembers1763760000000 } from './members-migration';
import { CreateSecondFactors1763780000000 } from './mfa-migration';
import { passwordMigrations } from './password-migrations';
import { sessionMigrations } from './session-migrations';

class CreateFirstWorkspace1763720000000 implements MigrationInterface {
  readonly name = 'CreateFirstWorkspace1763720000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE first_workspace (
        only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        workspace_id text    NOT NULL,
        owner_id     text    NOT NULL,
        profile      text    NOT NULL
      );
      -- Facts about a person that must be erasable: no event holds them.
      CREATE TABLE user_contact (
        user_id text PRIMARY KEY,
        email   text NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE user_contact, first_workspace');
  }
}

/** All tables of identity's schema. */
export const identityMigrations: readonly MigrationClass[] = [
  ...eventStoreMigrations,
  ...liveStateMigrations,
  CreateFirstWorkspace1763720000000,
  ...passwordMigrations,
  ...sessionMigrations,
  CreateMembers1763760000000,
  ...mailMigrations,
  CreateSecondFactors1763780000000,
  CreateFamiliarNetworks1763820000000,
  AddMemberScopeSets1763830000000,
];
