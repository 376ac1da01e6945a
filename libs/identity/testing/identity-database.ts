import { openDatabase } from '@latchkey/event-store';
import { Secret } from '@latchkey/kernel';
import { PostgresSubjects, type ChangedSubject, type Settlement } from '@latchkey/live-state';
import { FakeClock, freshDatabase } from '@latchkey/testing';
import type { DataSource } from 'typeorm';
import { identityMigrations } from '../adapters/identity-migrations';
import { listedPasswords } from '../adapters/listed-passwords';
import { PostgresPasswordStore } from '../adapters/postgres-password-store';
import { EnsureFirstWorkspaceHandler } from '../application/ensure-first-workspace.handler';
import { NewPasswords } from '../application/new-passwords';
import type { PasswordHasher } from '../application/password-ports';
import { identityParts, type IdentityParts } from '../identity-parts';
import { MemoryMail } from './memory-mail';

/** Remembers what was settled, in order. */
export class RecordedSettlement implements Settlement {
  readonly settled: ChangedSubject[] = [];

  async settle(changed: readonly ChangedSubject[]): Promise<void> {
    this.settled.push(...changed);
  }
}

/** Says what was hashed: real work is for the tests of the hasher. */
export const plainHasher: PasswordHasher = {
  hash: (password) => Promise.resolve(new Secret(`hash of ${password.reveal()}`)),
  verify: (hash, password) =>
    Promise.resolve(
      hash?.reveal() === `hash of ${password.reveal()}` ? { matches: true, rehashed: null } : { matches: false },
    ),
};

export const MASTER_KEY = new Secret('m'.repeat(32));

export interface IdentityDatabase extends Omit<IdentityParts, 'mail' | 'clock' | 'settlement'> {
  readonly clock: FakeClock;
  readonly mail: MemoryMail;
  readonly settlement: RecordedSettlement;
  readonly newPasswords: NewPasswords;
  readonly passwords: PostgresPasswordStore;
  readonly ensureFirstWorkspace: EnsureFirstWorkspaceHandler;
  /** Names and payloads of all events, in the order of their making. */
  history(): Promise<readonly { readonly type: string; readonly data: Record<string, unknown> }[]>;
  close(): Promise<void>;
}

/** Identity's own database with everything that stands on it, on a clock of the test's; mails and settlements are kept in memory. */
export async function identityDatabase(): Promise<IdentityDatabase> {
  const database = await freshDatabase();
  const dataSource: DataSource = await openDatabase({
    url: database.url,
    schema: 'identity',
    migrations: identityMigrations,
    applicationName: 'identity-test',
  });
  const clock = new FakeClock('2026-04-28T12:00:00.000Z');
  const settlement = new RecordedSettlement();
  const mail = new MemoryMail();
  const subjects = new PostgresSubjects(dataSource);
  const parts = { ...identityParts({ dataSource, subjects, settlement, masterKey: MASTER_KEY, clock }), mail };
  const newPasswords = new NewPasswords(plainHasher, listedPasswords);
  const passwords = new PostgresPasswordStore(dataSource);
  const { first, workspaces, users, contacts, ids } = parts;
  return {
    ...{ ...parts, clock, settlement, newPasswords, passwords },
    ensureFirstWorkspace: new EnsureFirstWorkspaceHandler(
      ...([first, workspaces, users, contacts, newPasswords, passwords, ids, clock] as const),
    ),
    async history() {
      const rows = await dataSource.query<{ type: string; data: Buffer }[]>(
        'SELECT type, data FROM events ORDER BY event_id',
      );
      return rows.map(({ type, data }) => ({ type, data: JSON.parse(data.toString()) }));
    },
    async close() {
      await dataSource.destroy();
      await database.drop();
    },
  };
}
