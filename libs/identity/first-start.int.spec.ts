import { eventSchemas, isEventType } from '@latchkey/contracts';
import { Secret } from '@latchkey/kernel';
import { Directory } from './application/directory';
import { EnsureFirstWorkspaceHandler } from './application/ensure-first-workspace.handler';
import type { Users } from './application/ports';
import { identityDatabase, type IdentityDatabase } from './testing/identity-database';

const ADMIN = { adminEmail: 'Owner@B.example' };
const PASSWORD = 'seven slow turtles';

describe('the first start', () => {
  let identity: IdentityDatabase;
  let ensure: EnsureFirstWorkspaceHandler;

  beforeEach(async () => {
    identity = await identityDatabase();
    ensure = identity.ensureFirstWorkspace;
  });
  afterEach(() => identity.close());

  const rows = (table: string) => identity.dataSource.query<Record<string, unknown>[]>(`SELECT * FROM ${table}`);

  it('makes one workspace and one owner, however many instances start at once', async () => {
    const profiles = ['s4e', 'zshield', 's4e', 'latchkey', 's4e', 'slaunch', 's4e', 'zshield'];
    const firsts = await Promise.all(profiles.map((profile) => ensure.execute({ profile, ...ADMIN })));
    expect(new Set(firsts.map((first) => JSON.stringify(first))).size).toBe(1);
    expect((await identity.history()).map(({ type }) => type)).toEqual([
      'latchkey.workspace.created.v1',
      'latchkey.user.registered.v1',
      'latchkey.user.member_role_changed.v1',
    ]);
    expect(await ensure.execute({ profile: 'zshield', slug: 'other', ...ADMIN })).toEqual(firsts[0]);
  });

  it('writes both subjects and the membership, and who the owner is where it can be erased: no event holds it', async () => {
    const { workspaceId, ownerId } = await ensure.execute({
      ...{ profile: 's4e', ...ADMIN, adminPassword: new Secret(PASSWORD) },
    });
    const snapshots = await identity.subjects.read([
      { kind: 'workspace', id: workspaceId },
      { kind: 'user', id: ownerId },
    ]);
    expect(snapshots.map(({ body }) => body)).toEqual([
      {
        ...{ kind: 'workspace', status: 'active', name: 'First workspace', profile: 's4e' },
        ...{ formerMembersKeys: 'end', secondFactor: 'optional', slug: 's4e' },
      },
      { kind: 'user', status: 'active', roles: { [workspaceId]: 'owner' }, sessionGeneration: 0 },
    ]);
    expect(await rows('user_contact')).toMatchObject([
      { number: 1, email: 'Owner@B.example', canonical_email: 'owner@b.example', email_verified_at: null },
    ]);
    expect(await rows('workspace_member')).toMatchObject([
      { workspace_id: workspaceId, user_id: ownerId, role: 'owner', suspended: false },
    ]);
    expect(await rows('user_password')).toMatchObject([{ user_id: ownerId, hash: `hash of ${PASSWORD}` }]);
    for (const { type, data } of await identity.history()) {
      expect(JSON.stringify(data)).not.toMatch(/@|turtles/);
      expect(isEventType(type) && eventSchemas[type].safeParse(data).success).toBe(true);
    }
  });

  it('that ended half-way is brought to its end by the next one, and told to nobody before', async () => {
    const { first, workspaces, users, contacts, newPasswords, passwords, ids, clock } = identity;
    const halfWay = new Error('the process ends here');
    const broken: Users = { load: (userId) => users.load(userId), write: () => Promise.reject(halfWay) };
    const crashing = new EnsureFirstWorkspaceHandler(
      ...([first, workspaces, broken, contacts, newPasswords, passwords, ids, clock] as const),
    );
    await expect(crashing.execute({ profile: 's4e', ...ADMIN })).rejects.toBe(halfWay);
    const directory = new Directory(first);
    await expect(directory.firstWorkspace()).rejects.toMatchObject({ code: 'service.unavailable' });

    const made = await ensure.execute({ profile: 'zshield', ...ADMIN });
    expect(made.profile).toBe('s4e');
    expect(await directory.firstWorkspace()).toEqual(made);
  });

  it.each<[string, Parameters<EnsureFirstWorkspaceHandler['execute']>[0]]>([
    ['LATCHKEY_PROFILE', { profile: 'acme', ...ADMIN }],
    ['LATCHKEY_ADMIN_EMAIL', { profile: 's4e', adminEmail: 'nobody' }],
    ['LATCHKEY_ADMIN_PASSWORD', { profile: 's4e', ...ADMIN, adminPassword: new Secret('password') }],
  ])('refuses what cannot be by the name of the variable: %s', async (name, options) => {
    await expect(ensure.execute(options)).rejects.toThrow(name);
    expect(await rows('user_contact')).toEqual([]);
  });
});
