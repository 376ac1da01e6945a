import { eventSchemas, isEventType, type FirstWorkspace } from '@latchkey/contracts';
import { openDatabase, PostgresEventStore } from '@latchkey/event-store';
import { systemClock } from '@latchkey/kernel';
import { PostgresSubjects } from '@latchkey/live-state';
import { UuidV7Source } from '@latchkey/platform';
import { freshDatabase, type FreshDatabase } from '@latchkey/testing';
import type { DataSource } from 'typeorm';
import { identityMigrations } from './adapters/identity-migrations';
import { PostgresFirstWorkspaces } from './adapters/postgres-first-workspaces';
import { Directory } from './application/directory';
import type { FirstWorkspaces } from './application/ports';
import { EnsureFirstWorkspaceHandler } from './application/ensure-first-workspace.handler';

describe('the first start', () => {
  let database: FreshDatabase;
  let dataSource: DataSource;
  let workspaces: PostgresFirstWorkspaces;
  let ensure: EnsureFirstWorkspaceHandler;

  beforeEach(async () => {
    database = await freshDatabase();
    dataSource = await openDatabase({
      url: database.url,
      schema: 'identity',
      migrations: identityMigrations,
      applicationName: 'identity-test',
    });
    workspaces = new PostgresFirstWorkspaces(
      dataSource,
      new PostgresEventStore(dataSource),
      new PostgresSubjects(dataSource),
    );
    ensure = new EnsureFirstWorkspaceHandler(workspaces, new UuidV7Source(), systemClock);
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const events = () =>
    dataSource.query<{ type: string; data: Buffer }[]>('SELECT type, data FROM events ORDER BY event_id');

  it('makes one workspace and one owner, however many instances start at once', async () => {
    const profiles = ['s4e', 'zshield', 's4e', 'latchkey', 's4e', 'slaunch', 's4e', 'zshield'];
    const firsts = await Promise.all(profiles.map((profile) => ensure.execute({ profile, adminEmail: 'a@b.example' })));
    expect(new Set(firsts.map((first) => JSON.stringify(first))).size).toBe(1);
    expect((await events()).map(({ type }) => type)).toEqual([
      'latchkey.workspace.created.v1',
      'latchkey.user.registered.v1',
      'latchkey.user.member_role_changed.v1',
    ]);
    expect(await ensure.execute({ profile: 'zshield' })).toEqual(firsts[0]);
  });

  it('writes both subjects, and the e-mail address where it can be erased: no event holds it', async () => {
    const { workspaceId, ownerId } = await ensure.execute({ profile: 's4e', adminEmail: 'owner@b.example' });
    const snapshots = await new PostgresSubjects(dataSource).read([
      { kind: 'workspace', id: workspaceId },
      { kind: 'user', id: ownerId },
    ]);
    expect(snapshots.map(({ body }) => body)).toEqual([
      {
        kind: 'workspace',
        status: 'active',
        name: 'First workspace',
        profile: 's4e',
        formerMembersKeys: 'end',
        secondFactor: 'optional',
      },
      { kind: 'user', status: 'active', roles: { [workspaceId]: 'owner' }, sessionGeneration: 0 },
    ]);
    expect(await dataSource.query('SELECT email FROM user_contact')).toEqual([{ email: 'owner@b.example' }]);
    for (const { type, data } of await events()) {
      expect(data.toString()).not.toContain('@');
      expect(isEventType(type) && eventSchemas[type].safeParse(JSON.parse(data.toString())).success).toBe(true);
    }
  });

  it('that ended half-way is brought to its end by the next one, and told to nobody before', async () => {
    const halfWay = new Error('the process ends here');
    const broken: FirstWorkspaces = {
      decided: () => workspaces.decided(),
      complete: () => workspaces.complete(),
      create: (...written) => workspaces.create(...written),
      writeOwner: () => Promise.reject(halfWay),
    };
    const crashing = new EnsureFirstWorkspaceHandler(broken, new UuidV7Source(), systemClock);
    await expect(crashing.execute({ profile: 's4e' })).rejects.toBe(halfWay);
    const directory = new Directory(workspaces);
    await expect(directory.firstWorkspace()).rejects.toMatchObject({ code: 'service.unavailable' });

    const first: FirstWorkspace = await ensure.execute({ profile: 'zshield' });
    expect(first.profile).toBe('s4e');
    expect(await directory.firstWorkspace()).toEqual(first);
  });

  it('refuses a profile that there is not, by the name of the variable', () =>
    expect(ensure.execute({ profile: 'acme' })).rejects.toThrow('LATCHKEY_PROFILE'));
});
