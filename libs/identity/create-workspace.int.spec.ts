import { isAppError, requestId, Secret, type UserId, type WorkspaceId } from '@latchkey/kernel';
import { AcceptInvitationHandler } from './application/accept-invitation.handler';
import { ChangeMemberHandler } from './application/change-member.handler';
import { CreateWorkspaceHandler, type NewWorkspace } from './application/create-workspace.handler';
import { NewInvitations } from './application/new-invitations';
import type { Mail } from './application/ports';
import { ReadWorkspacesQuery } from './application/read-workspaces.query';
import { identityDatabase, type IdentityDatabase } from './testing/identity-database';
import { callerIn, emailAddress, People } from './testing/people';

const PASSWORD = new Secret('seven slow turtles');

describe('one more workspace', () => {
  let identity: IdentityDatabase;
  let people: People;
  let create: CreateWorkspaceHandler;
  let accept: AcceptInvitationHandler;
  let changeMember: ChangeMemberHandler;
  let read: ReadWorkspacesQuery;
  let first: WorkspaceId;
  let operator: UserId;

  const createWith = (mail: Mail) => {
    const { contacts, workspaces, users, invitations, budgets, tokens, ids, clock, settlement } = identity;
    const newInvitations = new NewInvitations(budgets, mail, tokens, ids, clock);
    return new CreateWorkspaceHandler({
      ...{ first: identity.first, workspaces, users, contacts, invitations, newInvitations, settlement, ids, clock },
    });
  };
  beforeEach(async () => {
    identity = await identityDatabase();
    people = new People(identity);
    create = createWith(identity.mail);
    const { invitations, users, contacts, members, newPasswords, passwords, settlement, ids, clock } = identity;
    accept = new AcceptInvitationHandler(
      ...([invitations, users, contacts, members, newPasswords, passwords, settlement, ids, clock] as const),
    );
    changeMember = new ChangeMemberHandler(users, members, { read: async () => [] }, settlement, clock);
    read = new ReadWorkspacesQuery(identity.workspaces);
    const made = await identity.ensureFirstWorkspace.execute({ profile: 's4e', adminEmail: 'operator@b.example' });
    ({ workspaceId: first, ownerId: operator } = made);
  });
  afterEach(() => identity.close());

  const acme: NewWorkspace = { name: 'Acme', profile: 'zshield' };
  const makes = (fields: Partial<NewWorkspace> = {}, by = callerIn(first, operator)) =>
    create.execute({ ...acme, ...fields }, by);
  const codeOf = (outcome: Promise<unknown>) =>
    outcome.then(
      () => 'done',
      (error: unknown) => (isAppError(error) ? error.code : error),
    );
  const listedTo = async (user: UserId) =>
    (await read.of(user, null, 10)).items.map(({ name, profile, role }) => ({ name, profile, role }));
  const ownersOf = async (workspace: WorkspaceId) =>
    (await identity.members.after(workspace, null, 10)).map(({ userId: id, role }) => ({ id, role }));

  it('has a profile and an address of its own, belongs to who made it, and is listed to them', async () => {
    const id = await makes({ slug: 'acme' });
    expect(await read.one(id)).toMatchObject({ name: 'Acme', profile: 'zshield', slug: 'acme' });
    expect(await listedTo(operator)).toEqual([
      { name: 'First workspace', profile: 's4e', role: 'owner' },
      { name: 'Acme', profile: 'zshield', role: 'owner' },
    ]);
    expect(identity.settlement.settled).toMatchObject([{ kind: 'user', id: operator }]);
    expect(await identity.first.complete()).toMatchObject({ workspaceId: first });
  });

  it('is handed over by a mail: who is invited owns it too, and may take it from who made it', async () => {
    const id = await makes({ owner: emailAddress('grace@b.example') });
    expect(await ownersOf(id)).toEqual([{ id: operator, role: 'owner' }]);
    const token = new Secret(identity.mail.tokenTo('grace@b.example'));
    const { member } = await accept.execute({ token, password: PASSWORD, requestId: requestId('test') });
    await changeMember.execute(operator, [{ type: 'RemoveMember' }], callerIn(id, member.userId));
    expect(await ownersOf(id)).toEqual([{ id: member.userId, role: 'owner' }]);
    expect(await listedTo(member.userId)).toEqual([{ name: 'Acme', profile: 'zshield', role: 'owner' }]);
    expect(await listedTo(operator)).toEqual([{ name: 'First workspace', profile: 's4e', role: 'owner' }]);
  });

  it('needs no mail to the address of who makes it', async () => {
    const id = await makes({ owner: emailAddress('Operator@B.example') });
    expect(await ownersOf(id)).toEqual([{ id: operator, role: 'owner' }]);
    expect(identity.mail.sent).toEqual([]);
  });

  it('is made by owners and admins of the first workspace alone, by a session or an admin key', async () => {
    const admin = await people.member(first, 'admin', 'admin');
    expect(await codeOf(makes({}, callerIn(first, admin)))).toBe('done');
    expect(await codeOf(makes({}, callerIn(first, admin, ['admin'])))).toBe('done');
    for (const role of ['member', 'auditor'] as const) {
      const user = await people.member(first, role, role);
      expect(await codeOf(makes({}, callerIn(first, user)))).toBe('auth.forbidden');
      expect(await listedTo(user)).toEqual([{ name: 'First workspace', profile: 's4e', role }]);
    }
    const second = await makes();
    for (const by of [callerIn(second, operator), callerIn(second, operator, ['admin:full'])]) {
      expect(await codeOf(makes({}, by))).toBe('auth.forbidden');
    }
  });

  it('is made in whole or not at all', async () => {
    await makes({ slug: 'acme' });
    const before = await identity.history();
    expect(await codeOf(makes({ slug: 'acme', owner: emailAddress('grace@b.example') }))).toBe('claim.taken');
    create = createWith({ send: () => Promise.reject(new Error('the disk is full')) });
    await expect(makes({ slug: 'other', owner: emailAddress('grace@b.example') })).rejects.toThrow('the disk is full');
    expect(await identity.history()).toEqual(before);
    expect(await listedTo(operator)).toHaveLength(2);
    expect(await codeOf(makes({ slug: 'other' }))).toBe('done');
  });

  it('of several made at once by one user all are theirs', async () => {
    const made = await Promise.all(Array.from({ length: 6 }, (_, index) => makes({ slug: `acme-${index}` })));
    expect((await read.of(operator, null, 10)).items.map(({ workspaceId: id }) => id)).toEqual([first, ...made].sort());
  });

  it('mails no more than fifty people an hour', async () => {
    const all: unknown[] = [];
    for (let one = 0; one < 51; one += 1) {
      all.push(await codeOf(makes({ owner: emailAddress(`${one}@b.example`) })));
    }
    expect(all).toEqual([...Array<string>(50).fill('done'), 'auth.rate_limited']);
    expect(await codeOf(makes())).toBe('done');
  });
});
