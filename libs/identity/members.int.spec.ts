import { profileByName, scopesOfRole, type Profile } from '@latchkey/access';
import type { Role, SubjectReader } from '@latchkey/contracts';
import { rebuildProjection } from '@latchkey/event-store';
import { isAppError, type UserId, type WorkspaceId } from '@latchkey/kernel';
import { eventually } from '@latchkey/testing';
import { PostgresUsers } from './adapters/postgres-users';
import { ChangeMemberHandler, type MemberChange } from './application/change-member.handler';
import { ReadMembersQuery } from './application/read-members.query';
import { ReadWorkspacesQuery } from './application/read-workspaces.query';
import { UpdateWorkspaceHandler } from './application/update-workspace.handler';
import { workspaceMemberProjection } from './projections/workspace-member.projection';
import { identityDatabase, type IdentityDatabase } from './testing/identity-database';
import { callerIn, People } from './testing/people';

describe('members of a workspace', () => {
  let identity: IdentityDatabase;
  let people: People;
  let change: ChangeMemberHandler;
  let workspace: WorkspaceId;
  let owner: UserId;
  let admin: UserId;
  let member: UserId;
  let auditor: UserId;
  let number = 0;

  beforeAll(async () => {
    identity = await identityDatabase();
    people = new People(identity);
    const { users, members, settlement, clock } = identity;
    change = new ChangeMemberHandler(users, members, reader, settlement, clock);
  });
  afterAll(() => identity.close());
  beforeEach(async () => {
    workspace = await people.workspace();
    number += 1;
    owner = await people.member(workspace, 'owner', `owner${number}`);
    admin = await people.member(workspace, 'admin', `admin${number}`);
    member = await people.member(workspace, 'member', `member${number}`);
    auditor = await people.member(workspace, 'auditor', `auditor${number}`);
  });

  /** Scope sets of the workspace, as issuance has them. */
  const held = new Map<string, readonly string[]>();
  const reader: SubjectReader = {
    read: async (_owner, refs) =>
      refs.map(({ kind, id }) => {
        const scopes = held.get(id);
        return { kind, id, version: 1, body: scopes ? { kind: 'scope_set', workspaceId: workspace, scopes } : null };
      }),
  };
  const toRole = (role: Role): MemberChange => ({ type: 'ChangeMemberRole', role });
  const suspend: MemberChange = { type: 'SuspendMember' };
  const resume: MemberChange = { type: 'ResumeMember' };
  const remove: MemberChange = { type: 'RemoveMember' };
  const does = (actor: UserId, what: MemberChange, to: UserId, handler = change) =>
    codeOf(handler.execute(to, [what], callerIn(workspace, actor)));
  const codeOf = (outcome: Promise<unknown>) =>
    outcome.then(
      () => 'done',
      (error: unknown) => (isAppError(error) ? error.code : error),
    );
  const rolesOf = async (user: UserId) => {
    const [snapshot] = await identity.subjects.read([{ kind: 'user', id: user }]);
    return snapshot?.body?.kind === 'user' ? snapshot.body.roles : null;
  };

  it('get another role, which decisions know when it is answered', async () => {
    const { settled } = identity.settlement;
    const before = settled.length;
    expect(await change.execute(member, [toRole('admin')], callerIn(workspace, owner))).toMatchObject({
      role: 'admin',
    });
    expect(await rolesOf(member)).toEqual({ [workspace]: 'admin' });
    expect(settled.slice(before)).toEqual([{ kind: 'user', id: member, workspaceId: null, version: 2 }]);
  });

  it('have no role while they are suspended, and their former one afterwards', async () => {
    expect(await change.execute(member, [suspend], callerIn(workspace, admin))).toMatchObject({ suspended: true });
    expect(await rolesOf(member)).toEqual({});
    expect(await change.execute(member, [resume], callerIn(workspace, admin))).toMatchObject({ suspended: false });
    expect(await rolesOf(member)).toEqual({ [workspace]: 'member' });
  });

  it('are gone when they were removed, from this workspace alone', async () => {
    const other = await people.workspace();
    await people.joins(member, other, 'auditor');
    expect(await does(admin, remove, member)).toBe('done');
    expect(await rolesOf(member)).toEqual({ [other]: 'auditor' });
    expect(await does(admin, remove, member)).toBe('member.not_found');
  });

  it('of another workspace are not there', async () => {
    const stranger = await people.member(await people.workspace(), 'member', `stranger${number}`);
    for (const what of [toRole('admin'), suspend, resume, remove]) {
      expect(await does(owner, what, stranger)).toBe('member.not_found');
    }
  });

  it('are managed within the role of who does it', async () => {
    expect(await does(admin, toRole('owner'), member)).toBe('auth.forbidden');
    expect(await does(admin, toRole('admin'), owner)).toBe('member.last_owner');
    const second = await people.member(workspace, 'owner', `second${number}`);
    for (const what of [toRole('member'), suspend, remove]) {
      expect(await does(admin, what, second)).toBe('auth.forbidden');
      for (const actor of [member, auditor]) expect(await does(actor, what, admin)).toBe('auth.forbidden');
    }
    expect(await does(admin, toRole('admin'), member)).toBe('done');
    expect(await does(owner, toRole('admin'), second)).toBe('done');
  });

  it('are managed by an API key within what it has itself, and owners by a session alone', async () => {
    const by = (scopes: readonly string[], what: MemberChange, to: UserId) =>
      codeOf(change.execute(to, [what], callerIn(workspace, owner, scopes)));
    const second = await people.member(workspace, 'owner', `second${number}`);
    for (const what of [toRole('admin'), suspend, remove]) {
      expect(await by(['admin'], what, second)).toBe('auth.forbidden');
      expect(await by(['users:write'], what, member)).toBe('auth.forbidden');
    }
    for (const role of ['owner', 'admin', 'auditor'] as const) {
      expect(await by(['users:write'], toRole(role), member)).toBe('auth.forbidden');
    }
    expect(await by(['admin'], toRole('owner'), member)).toBe('auth.forbidden');
    expect(await by(['admin'], toRole('admin'), member)).toBe('done');
    expect(await by(['admin'], remove, member)).toBe('done');
  });

  it('may do nothing by a role that they had, or have elsewhere', async () => {
    const elsewhere = await people.workspace();
    await people.joins(member, elsewhere, 'owner');
    expect(await does(member, suspend, auditor)).toBe('auth.forbidden');
    await does(owner, suspend, admin);
    expect(await does(admin, suspend, auditor)).toBe('auth.forbidden');
    await does(owner, remove, admin);
    expect(await does(admin, suspend, auditor)).toBe('auth.forbidden');
  });

  it('are not told that nothing is to be done by one who may do nothing', async () => {
    expect(await does(auditor, toRole('member'), member)).toBe('auth.forbidden');
    expect(await does(admin, toRole('member'), member)).toBe('done');
  });

  it.each([toRole('admin'), suspend, remove].map((what) => [what.type, what] as const))(
    'keep an owner: the last one takes no %s, not from themself either',
    async (_, what) => {
      expect(await does(owner, what, owner)).toBe('member.last_owner');
      const second = await people.member(workspace, 'owner', `second${number}`);
      await does(owner, suspend, second);
      expect(await does(owner, what, owner)).toBe('member.last_owner');
      await does(owner, resume, second);
      expect(await does(owner, what, owner)).toBe('done');
    },
  );

  describe('are given scope sets besides the role (S4-13),', () => {
    const give = (...scopeSetIds: string[]): MemberChange => ({ type: 'ChangeMemberScopeSets', scopeSetIds });
    const setsOf = async (user: UserId) => {
      const [snapshot] = await identity.subjects.read([{ kind: 'user', id: user }]);
      return snapshot?.body?.kind === 'user' ? snapshot.body.scopeSetIds?.[workspace] : null;
    };
    beforeEach(() => {
      held.clear();
      held.set('auditing', ['audit:read']).set('reports', ['reports:read']).set('deleted', []);
    });

    it('which decisions know when it is answered, and are taken away', async () => {
      const before = identity.settlement.settled.length;
      const changed = await change.execute(member, [give('auditing', 'auditing')], callerIn(workspace, admin));
      expect([changed.scopeSetIds, await setsOf(member)]).toEqual([['auditing'], ['auditing']]);
      expect(identity.settlement.settled.slice(before)).toMatchObject([{ kind: 'user', id: member }]);
      expect(await does(admin, give(), member)).toBe('done');
      expect(await setsOf(member)).toBeUndefined();
    });

    it('with a role at once, or neither', async () => {
      const both = [toRole('auditor'), give('reports')];
      expect(await change.execute(member, both, callerIn(workspace, admin))).toMatchObject({
        ...{ role: 'auditor', scopeSetIds: ['reports'] },
      });
      const unknown = change.execute(member, [toRole('member'), give('none')], callerIn(workspace, admin));
      await expect(unknown).rejects.toMatchObject({ code: 'scope_set.unknown', field: 'scope_sets.0' });
      expect(await rolesOf(member)).toMatchObject({ [workspace]: 'auditor' });
    });

    it('which the workspace has; those deleted since may stay', async () => {
      expect(await does(admin, give('deleted'), member)).toBe('scope_set.unknown');
      await does(admin, give('reports'), member);
      held.set('reports', []);
      expect(await does(admin, give('reports', 'auditing'), member)).toBe('done');
      expect(await does(admin, give('auditing'), member)).toBe('done');
      expect(await does(admin, give('reports'), member)).toBe('scope_set.unknown');
    });

    it('by owners and admins, and an owner by an owner alone', async () => {
      const outcomes = [
        ...(await Promise.all([member, auditor].map((actor) => does(actor, give('reports'), member)))),
        await does(admin, give('reports'), owner),
      ];
      expect(outcomes).toEqual(Array(3).fill('auth.forbidden'));
      expect(await does(owner, give('reports'), owner)).toBe('done');
    });

    it('by an API key, whose own scopes they are within (C18)', async () => {
      const by = (...scopes: string[]) =>
        codeOf(change.execute(member, [give('auditing')], callerIn(workspace, owner, scopes)));
      const ofMember = scopesOfRole(profileByName('s4e') as Profile, 'member');
      expect(await by('users:write', ...ofMember)).toBe('auth.forbidden');
      expect(await by('users:write', 'audit:read', ...ofMember)).toBe('done');
    });

    it('and given them again, when they are resumed, by an API key that has what is in them (C18)', async () => {
      const by = (...scopes: string[]) => codeOf(change.execute(member, [resume], callerIn(workspace, owner, scopes)));
      const ofMember = scopesOfRole(profileByName('s4e') as Profile, 'member');
      await does(owner, give('auditing'), member);
      await does(owner, suspend, member);
      expect(await by('users:write', ...ofMember)).toBe('auth.forbidden');
      expect(await by('users:write', 'audit:read', ...ofMember)).toBe('done');
      expect(await setsOf(member)).toEqual(['auditing']);
    });

    it('and lose them when they leave', async () => {
      await does(owner, give('auditing'), member);
      await does(owner, remove, member);
      await people.joins(member, workspace, 'member');
      expect(await setsOf(member)).toBeUndefined();
    });

    it('as the events say', async () => {
      await does(owner, give('auditing'), member);
      expect(await rebuildProjection(identity.dataSource, workspaceMemberProjection)).toMatchObject({ equal: true });
    });
  });

  describe('of two owners who unmake each other at the same time,', () => {
    /** Each begins to write before the other one has committed. */
    const both = async (turns: boolean) => {
      const second = await people.member(workspace, 'owner', `second${number}`);
      const { dataSource, events, subjects, members, settlement, clock } = identity;
      const users = new PostgresUsers(dataSource, events, subjects, { turns });
      const handler = new ChangeMemberHandler(
        {
          load: (userId) => users.load(userId),
          write: (write) => users.write({ ...write, within: () => meeting.arrive() }),
        },
        members,
        reader,
        settlement,
        clock,
      );
      const meeting = new Meeting(dataSource);
      const outcomes = await Promise.all([
        does(owner, toRole('admin'), second, handler),
        does(second, toRole('admin'), owner, handler),
      ]);
      return outcomes.map(String).sort();
    };

    it('one stays an owner', async () => expect(await both(true)).toEqual(['done', 'member.last_owner']));

    it('none would if they did not take turns', async () => expect(await both(false)).toEqual(['done', 'done']));
  });

  it('are listed, who joined first first, with who they are, page by page', async () => {
    const query = new ReadMembersQuery(identity.members);
    await does(owner, suspend, auditor);
    const first = await query.after(workspace, null, 3);
    expect(first.items.map(({ userId }) => userId)).toEqual([owner, admin, member]);
    const { items, next } = await query.after(workspace, first.next, 3);
    expect([items, next]).toEqual([
      [
        {
          ...{ userId: auditor, email: `auditor${number}@b.example`, name: `auditor${number}`, role: 'auditor' },
          ...{ suspended: true, scopeSetIds: [], joinedAt: identity.clock.now() },
        },
      ],
      null,
    ]);
  });

  it('see the workspaces that they have a role in', async () => {
    const query = new ReadWorkspacesQuery(identity.workspaces);
    const [second, third] = [await people.workspace('Second'), await people.workspace('Third')];
    await people.joins(member, second, 'owner');
    await people.joins(member, third, 'auditor');
    const first = await query.of(member, null, 2);
    const rest = await query.of(member, first.next, 2);
    expect([...first.items, ...rest.items].map(({ name, role }) => [name, role])).toEqual([
      ['A workspace', 'member'],
      ['Second', 'owner'],
      ['Third', 'auditor'],
    ]);
    await does(owner, suspend, member);
    expect((await query.of(member, null, 9)).items.map(({ name }) => name)).toEqual(['Second', 'Third']);
  });

  describe('as they are listed', () => {
    const rebuild = (replace = false) => rebuildProjection(identity.dataSource, workspaceMemberProjection, { replace });

    it('are what their events give, byte for byte, whatever became of them', async () => {
      const other = await people.workspace();
      await people.joins(admin, other, 'owner');
      for (const what of [toRole('member'), suspend, resume, remove]) await does(owner, what, admin);
      await does(owner, suspend, member);
      await does(owner, remove, auditor);
      await people.joins(auditor, workspace, 'member');
      expect(await rebuild()).toMatchObject({ equal: true });
    });

    it('are put right where they are not', async () => {
      const before = await identity.dataSource.query<object[]>('SELECT * FROM workspace_member ORDER BY 1, 2');
      await identity.dataSource.query(
        `UPDATE workspace_member SET role = 'owner' WHERE user_id = '${member}';
         DELETE FROM workspace_member WHERE user_id = '${auditor}';
         INSERT INTO workspace_member VALUES ('${workspace}', 'nobody', 'owner', false, now())`,
      );
      expect(await rebuild()).toMatchObject({ equal: false });
      await rebuild(true);
      expect(await rebuild()).toEqual({ rows: before.length, equal: true });
      expect(await identity.dataSource.query('SELECT * FROM workspace_member ORDER BY 1, 2')).toEqual(before);
    });
  });

  it('change their workspace as owners and admins, and decisions know when it is answered', async () => {
    const update = new UpdateWorkspaceHandler(identity.workspaces, identity.settlement, identity.clock);
    const changes = { name: 'Ours', formerMembersKeys: 'stay', secondFactor: 'required' } as const;
    expect(await update.execute(changes, callerIn(workspace, admin))).toMatchObject(changes);
    expect(identity.settlement.settled.at(-1)).toEqual({
      ...{ kind: 'workspace', id: workspace, workspaceId: workspace, version: 2 },
    });
    const [snapshot] = await identity.subjects.read([{ kind: 'workspace', id: workspace }]);
    expect(snapshot?.body).toMatchObject(changes);
    for (const [actor, asked] of [
      [member, { name: 'Mine' }],
      [auditor, changes],
    ] as const) {
      await expect(update.execute(asked, callerIn(workspace, actor))).rejects.toMatchObject({ code: 'auth.forbidden' });
    }
  });

  it('give their workspace a slug that no other one has, until it takes another', async () => {
    const update = new UpdateWorkspaceHandler(identity.workspaces, identity.settlement, identity.clock);
    const other = await people.workspace();
    const others = await people.member(other, 'owner', `other${number}`);
    const [first, second] = [`first-${number}`, `second-${number}`];
    const named = (slug: string, id: WorkspaceId, by: UserId) => codeOf(update.execute({ slug }, callerIn(id, by)));
    expect(await named(first, workspace, owner)).toBe('done');
    expect(await named(first, workspace, owner)).toBe('done');
    expect(await named(first, other, others)).toBe('claim.taken');
    await expect(update.execute({ slug: first }, callerIn(other, others))).rejects.toMatchObject({ field: 'slug' });
    expect(await named(second, workspace, owner)).toBe('done');
    expect(await named(first, other, others)).toBe('done');
    const [snapshot] = await identity.subjects.read([{ kind: 'workspace', id: workspace }]);
    expect(snapshot?.body).toMatchObject({ slug: second });
  });
});

/** Where two transactions wait for each other, or for one of them to wait for a lock of the other's. */
class Meeting {
  #arrived = 0;

  constructor(private readonly dataSource: IdentityDatabase['dataSource']) {}

  async arrive(): Promise<void> {
    this.#arrived += 1;
    await eventually(async () => {
      const [{ waiting } = { waiting: 0 }] = await this.dataSource.query<{ waiting: number }[]>(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(this.#arrived + waiting).toBeGreaterThanOrEqual(2);
    });
  }
}
