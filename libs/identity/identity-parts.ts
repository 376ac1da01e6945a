import { PostgresEventStore } from '@latchkey/event-store';
import { systemClock, type Clock, type IdSource, type Secret } from '@latchkey/kernel';
import type { OwnerReader, Settlement, SubjectChanges } from '@latchkey/live-state';
import { UuidV7Source } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import { CryptoTokens } from './adapters/crypto-tokens';
import { PostgresContacts } from './adapters/postgres-contacts';
import { PostgresFirstWorkspaces } from './adapters/postgres-first-workspaces';
import { PostgresInvitations } from './adapters/postgres-invitations';
import { PostgresMailOutbox } from './adapters/postgres-mail-outbox';
import { PostgresMembers } from './adapters/postgres-members';
import { PostgresUsers } from './adapters/postgres-users';
import { PostgresWorkspaces } from './adapters/postgres-workspaces';

export interface IdentityPartsOptions {
  /** Of identity's schema, with `identityMigrations`. */
  readonly dataSource: DataSource;
  /** Of the same schema. */
  readonly subjects: SubjectChanges & OwnerReader;
  readonly settlement: Settlement;
  /** What is kept and must be read again is sealed under keys that come from it. */
  readonly masterKey: Secret;
  readonly clock?: Clock;
  readonly ids?: IdSource;
}

/** What several of identity's use cases are built on. */
export type IdentityParts = ReturnType<typeof identityParts>;

export function identityParts(options: IdentityPartsOptions) {
  const { dataSource, subjects, settlement, masterKey, clock = systemClock, ids = new UuidV7Source() } = options;
  const events = new PostgresEventStore(dataSource);
  return {
    ...{ dataSource, subjects, settlement, masterKey, clock, ids, events },
    first: new PostgresFirstWorkspaces(dataSource),
    users: new PostgresUsers(dataSource, events, subjects),
    workspaces: new PostgresWorkspaces(dataSource, events, subjects),
    members: new PostgresMembers(dataSource),
    contacts: new PostgresContacts(dataSource),
    invitations: new PostgresInvitations(dataSource, events),
    mail: new PostgresMailOutbox(masterKey, ids),
    tokens: new CryptoTokens(),
  };
}

/** A provider for a class, made by hand: the application layer knows no framework. */
export const given = <Type>(provide: abstract new (...parameters: never[]) => Type, useValue: Type) => ({
  provide,
  useValue,
});
