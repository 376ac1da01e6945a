import { PostgresEventStore } from '@latchkey/event-store';
import { systemClock, type Clock, type IdSource, type Secret } from '@latchkey/kernel';
import type { OwnerReader, Settlement, SubjectChanges } from '@latchkey/live-state';
import { UuidV7Source } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import { CryptoTokens } from './adapters/crypto-tokens';
import { JoseSessionTokens } from './adapters/jose-session-tokens';
import { letterWriter } from './adapters/mail/letters';
import { PostgresAttemptBudgets } from './adapters/postgres-attempt-budgets';
import { PostgresContacts } from './adapters/postgres-contacts';
import { PostgresFirstWorkspaces } from './adapters/postgres-first-workspaces';
import { PostgresInvitations } from './adapters/postgres-invitations';
import { PostgresMailOutbox } from './adapters/postgres-mail-outbox';
import { PostgresMembers } from './adapters/postgres-members';
import { PostgresSessionStore } from './adapters/postgres-session-store';
import { PostgresUsers } from './adapters/postgres-users';
import { PostgresWorkspaces } from './adapters/postgres-workspaces';
import { SessionSigningKeys } from './adapters/session-signing-keys';
import { UserSessions } from './application/user-sessions';

export interface IdentityPartsOptions {
  /** Of identity's schema, with `identityMigrations`. */
  readonly dataSource: DataSource;
  /** Of the same schema. */
  readonly subjects: SubjectChanges & OwnerReader;
  readonly settlement: Settlement;
  /** What is kept and must be read again is sealed under keys that come from it. */
  readonly masterKey: Secret;
  /** Where people reach the installation: the base of links in mails. `http://127.0.0.1:8080` when absent. */
  readonly publicUrl?: string | undefined;
  /** 24 hours, 7 days (C32) and a minute when absent. */
  readonly sessionTimes?: SessionTimes;
  readonly clock?: Clock;
  readonly ids?: IdSource;
}

export interface SessionTimes {
  /** A session ends when nobody has used it for so long, in ms. */
  readonly idleMs: number;
  /** It ends after so long in any case, in ms. */
  readonly lifeMs: number;
  /** So long after a refresh there is no other one, in ms. */
  readonly refreshLeastMs: number;
}

const PUBLIC_URL = 'http://127.0.0.1:8080';
const DAY_MS = 86_400_000;
export const SESSION_TIMES: SessionTimes = { idleMs: DAY_MS, lifeMs: 7 * DAY_MS, refreshLeastMs: 60_000 };

/** What several of identity's use cases are built on. */
export type IdentityParts = ReturnType<typeof identityParts>;

export function identityParts(options: IdentityPartsOptions) {
  const { dataSource, subjects, settlement, masterKey, clock = systemClock, ids = new UuidV7Source() } = options;
  const { idleMs, lifeMs, refreshLeastMs } = options.sessionTimes ?? SESSION_TIMES;
  const events = new PostgresEventStore(dataSource);
  const users = new PostgresUsers(dataSource, events, subjects);
  const sessionStore = new PostgresSessionStore(dataSource, events, subjects, idleMs);
  const signingKeys = new SessionSigningKeys({ dataSource, masterKey, clock, ids, lifeMs });
  const sessionTokens = new JoseSessionTokens(signingKeys, clock);
  const write = letterWriter(options.publicUrl ?? PUBLIC_URL);
  const outbox = new PostgresMailOutbox({ dataSource, masterKey, ids, clock, write });
  return {
    ...{ dataSource, subjects, settlement, masterKey, clock, ids, events },
    first: new PostgresFirstWorkspaces(dataSource),
    users,
    sessionStore,
    signingKeys,
    sessions: new UserSessions({
      ...{ store: sessionStore, tokens: sessionTokens, users, settlement, ids, clock, lifeMs, refreshLeastMs },
    }),
    workspaces: new PostgresWorkspaces(dataSource, events, subjects),
    members: new PostgresMembers(dataSource),
    contacts: new PostgresContacts(dataSource),
    budgets: new PostgresAttemptBudgets(dataSource, masterKey),
    invitations: new PostgresInvitations(dataSource, events),
    mail: outbox,
    outbox,
    tokens: new CryptoTokens(),
  };
}

/** A provider for a class, made by hand: the application layer knows no framework. */
export const given = <Type>(provide: abstract new (...parameters: never[]) => Type, useValue: Type) => ({
  provide,
  useValue,
});
