import { ofEachOwner, SUBJECT_OWNERS, type SubjectOwner, type SubjectReader } from '@latchkey/contracts';
import { openDatabase } from '@latchkey/event-store';
import { freshDatabase } from '@latchkey/testing';
import type { DataSource } from 'typeorm';
import { liveStateMigrations } from '../postgres/live-state-migrations';
import { PostgresSubjects } from '../postgres/postgres-subjects';
import type { ChangedSubject, SubjectChange } from '../subject-changes';
import { USER, userBody, WORKSPACE, workspaceBody } from './bodies';

/** The three services that own subjects, each with its schema, in a database of their own. */
export interface Owners {
  readonly url: string;
  readonly reader: SubjectReader;
  dataSource(owner: SubjectOwner): DataSource;
  /** Commits the change at its owner. */
  write(change: SubjectChange): Promise<ChangedSubject>;
  stop(): Promise<void>;
}

export async function startOwners(): Promise<Owners> {
  const database = await freshDatabase();
  const open = (schema: SubjectOwner) =>
    openDatabase({ url: database.url, schema, migrations: liveStateMigrations, applicationName: `test-${schema}` });
  const dataSources = {
    issuance: await open('issuance'),
    identity: await open('identity'),
    oauth: await open('oauth'),
  };
  const subjects = ofEachOwner((owner) => new PostgresSubjects(dataSources[owner]));
  const owners: Owners = {
    url: database.url,
    reader: { read: (owner, refs) => subjects[owner].read(refs) },
    dataSource: (owner) => dataSources[owner],
    write(change) {
      const owner = SUBJECT_OWNERS[change.kind];
      return dataSources[owner].transaction((tx) => subjects[owner].write(tx, change));
    },
    async stop() {
      await Promise.all(Object.values(dataSources).map((dataSource) => dataSource.destroy()));
      await database.drop();
    },
  };
  await owners.write({ kind: 'workspace', id: WORKSPACE, body: workspaceBody() });
  await owners.write({ kind: 'user', id: USER, body: userBody() });
  return owners;
}
