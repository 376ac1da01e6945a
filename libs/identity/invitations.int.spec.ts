import type { Role } from '@latchkey/contracts';
import { isAppError, requestId, Secret, type UserId, type WorkspaceId } from '@latchkey/kernel';
import { AcceptInvitationHandler } from './application/accept-invitation.handler';
import { ChangeMemberHandler, type MemberChange } from './application/change-member.handler';
import { InviteHandler } from './application/invite.handler';
import { NewInvitations } from './application/new-invitations';
import { ReadInvitationsQuery } from './application/read-invitations.query';
import { WithdrawInvitationHandler } from './application/withdraw-invitation.handler';
import { identityDatabase, type IdentityDatabase } from './testing/identity-database';
import { callerIn, emailAddress, People } from './testing/people';

const DAY_MS = 86_400_000;
const PASSWORD = 'seven slow turtles';

describe('invitations', () => {
  let identity: IdentityDatabase;
  let people: People;
  let invite: InviteHandler;
  let withdraw: WithdrawInvitationHandler;
  let accept: AcceptInvitationHandler;
  let changeMember: ChangeMemberHandler;
  let open: ReadInvitationsQuery;
  let workspace: WorkspaceId;
  let owner: UserId;
  let number = 0;

  beforeAll(async () => {
    identity = await identityDatabase();
    people = new People(identity);
    const { invitations, members, workspaces, users, contacts, budgets, mail, tokens, ids, clock, settlement } =
      identity;
    const { newPasswords, passwords } = identity;
    const newInvitations = new NewInvitations(budgets, mail, tokens, ids, clock);
    invite = new InviteHandler(invitations, members, workspaces, newInvitations, clock);
    withdraw = new WithdrawInvitationHandler(invitations, clock);
    accept = new AcceptInvitationHandler(
      ...([invitations, users, contacts, members, newPasswords, passwords, settlement, ids, clock] as const),
    );
    changeMember = new ChangeMemberHandler(users, members, { read: async () => [] }, settlement, clock);
    open = new ReadInvitationsQuery(invitations);
  });
  afterAll(() => identity.close());
  beforeEach(async () => {
    number += 1;
    workspace = await people.workspace('Ours');
    owner = await people.member(workspace, 'owner', `owner${number}`);
  });

  const newAddress = () => `new${number}@b.example`;
  const invites = (email: string, role: Role = 'member', by = owner, into = workspace) =>
    invite.execute({ email: emailAddress(email), role }, callerIn(into, by));
  const accepts = (email: string, fields: { password?: string; name?: string } = {}) =>
    acceptsWith(identity.mail.tokenTo(email), fields);
  const acceptsWith = (token: string, { password, ...fields }: { password?: string; name?: string } = {}) =>
    accept.execute({
      ...{ token: new Secret(token), requestId: requestId('test'), ...fields },
      ...(password !== undefined && { password: new Secret(password) }),
    });
  const codeOf = (outcome: Promise<unknown>) =>
    outcome.then(
      () => 'done',
      (error: unknown) => (isAppError(error) ? error.code : error),
    );
  const does = (actor: UserId, what: MemberChange, to: UserId) =>
    changeMember.execute(to, [what], callerIn(workspace, actor));
  const openNow = async () => (await open.after(workspace, null, 10)).items.map(({ email }) => email.written);

  it('are fifty an hour at most by one member of a workspace, so that nobody mails the world by it', async () => {
    const all: unknown[] = [];
    for (let one = 0; one < 51; one += 1) all.push(await codeOf(invites(`${one}.${newAddress()}`)));
    expect(all).toEqual([...Array<string>(50).fill('done'), 'auth.rate_limited']);
    expect(await openNow()).toHaveLength(10);
    const another = await people.member(workspace, 'admin', `another${number}`);
    expect(await codeOf(invites(newAddress(), 'member', another))).toBe('done');
    identity.clock.advance(3_600_000);
    expect(await codeOf(invites(`51.${newAddress()}`))).toBe('done');
  });

  it('are mailed, with a token of which the digest alone is kept', async () => {
    await invites(newAddress(), 'admin');
    const mail = identity.mail.sent.at(-1);
    expect(mail).toMatchObject({
      ...{ to: { canonical: newAddress() }, template: 'invitation' },
      values: { workspace: 'Ours', role: 'admin', expiresAt: new Date(identity.clock.now().getTime() + 7 * DAY_MS) },
    });
    const token = identity.mail.tokenTo(newAddress());
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const rows = await identity.dataSource.query<object[]>('SELECT * FROM invitation');
    expect(JSON.stringify(rows)).not.toContain(token);
    for (const { data } of await identity.history()) expect(JSON.stringify(data)).not.toMatch(/@|turtles/);
  });

  it('make an account of somebody new, with a password, a name and an address that is verified', async () => {
    await invites(newAddress());
    const { member } = await accepts(newAddress(), { password: PASSWORD, name: 'Ada' });
    expect(member).toMatchObject({ email: newAddress(), name: 'Ada', role: 'member', suspended: false });
    expect(await identity.contacts.find(member.userId)).toMatchObject({ emailVerifiedAt: identity.clock.now() });
    expect((await identity.passwords.find(member.userId))?.reveal()).toBe(`hash of ${PASSWORD}`);
    expect(await openNow()).toEqual([]);
  });

  it('need a password for somebody new, a good one, and nothing is used up by one that is refused', async () => {
    await invites(newAddress());
    await expect(accepts(newAddress())).rejects.toMatchObject({ code: 'request.invalid', field: 'password' });
    await expect(accepts(newAddress(), { password: 'password' })).rejects.toMatchObject({ code: 'password.refused' });
    expect(await codeOf(accepts(newAddress(), { password: PASSWORD }))).toBe('done');
  });

  it('add a membership to the account that an address has, and leave its password alone', async () => {
    const elsewhere = await people.workspace();
    const ada = await people.member(elsewhere, 'owner', `ada${number}`);
    const address = `ada${number}@b.example`;
    await invites(address.toUpperCase(), 'auditor');
    await expect(accepts(address, { password: PASSWORD })).rejects.toMatchObject({ field: 'password' });
    expect((await accepts(address)).member).toMatchObject({ userId: ada, role: 'auditor' });
    const [snapshot] = await identity.subjects.read([{ kind: 'user', id: ada }]);
    expect(snapshot?.body).toMatchObject({ roles: { [elsewhere]: 'owner', [workspace]: 'auditor' } });
    expect(identity.settlement.settled.at(-1)).toMatchObject({ kind: 'user', id: ada, version: 2 });
    expect(await identity.passwords.find(ada)).toBeNull();
  });

  it('answer alike whether an address has an account elsewhere or none', async () => {
    await people.member(await people.workspace(), 'owner', `ada${number}`);
    const [known, unknown] = [await invites(`ada${number}@b.example`), await invites(newAddress())];
    expect(Object.keys(known)).toEqual(Object.keys(unknown));
  });

  it('are not for members, in whatever spelling', async () => {
    expect(await codeOf(invites(`OWNER${number}@B.example`))).toBe('member.exists');
    const second = await people.member(workspace, 'member', `second${number}`);
    await does(owner, { type: 'SuspendMember' }, second);
    expect(await codeOf(invites(`second${number}@b.example`))).toBe('member.exists');
  });

  it('are accepted once, however many try at once', async () => {
    await invites(newAddress());
    const token = identity.mail.tokenTo(newAddress());
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => codeOf(acceptsWith(token, { password: PASSWORD }))),
    );
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    for (const outcome of outcomes) {
      expect(['done', 'invitation.ended', 'invitation.not_found', 'claim.taken', 'request.invalid']).toContain(outcome);
    }
    expect(await codeOf(acceptsWith(token, { password: PASSWORD }))).toBe('invitation.not_found');
    expect(await identity.members.after(workspace, null, 10)).toHaveLength(2);
  });

  it('are accepted or withdrawn, and never both', async () => {
    for (let round = 0; round < 5; round += 1) {
      const address = `both${number}-${round}@b.example`;
      const { invitationId } = await invites(address);
      const [accepted, withdrawn] = await Promise.all([
        codeOf(accepts(address, { password: PASSWORD })),
        codeOf(withdraw.execute(invitationId, callerIn(workspace, owner))),
      ]);
      expect([accepted, withdrawn].filter((outcome) => outcome === 'done')).toHaveLength(1);
      const member = await identity.members.byEmail(workspace, emailAddress(address));
      expect(member !== null).toBe(accepted === 'done');
    }
  });

  it('end after seven days, when withdrawn, and when the same address is invited again', async () => {
    await invites(newAddress());
    const former = identity.mail.tokenTo(newAddress());
    const { invitationId } = await invites(newAddress(), 'auditor');
    expect(await codeOf(acceptsWith(former, { password: PASSWORD }))).toBe('invitation.not_found');
    expect(await openNow()).toEqual([newAddress()]);
    await withdraw.execute(invitationId, callerIn(workspace, owner));
    expect(await codeOf(accepts(newAddress(), { password: PASSWORD }))).toBe('invitation.not_found');
    expect(await codeOf(withdraw.execute(invitationId, callerIn(workspace, owner)))).toBe('invitation.not_found');

    await invites(newAddress());
    identity.clock.advance(7 * DAY_MS);
    expect(await codeOf(accepts(newAddress(), { password: PASSWORD }))).toBe('invitation.ended');
  });

  it('give no role that who invites may not give, and end none that they could not give', async () => {
    const admin = await people.member(workspace, 'admin', `admin${number}`);
    const member = await people.member(workspace, 'member', `member${number}`);
    expect(await codeOf(invites(newAddress(), 'owner', admin))).toBe('auth.forbidden');
    expect(await codeOf(invites(newAddress(), 'auditor', member))).toBe('auth.forbidden');
    const { invitationId } = await invites(newAddress(), 'owner');
    expect(await codeOf(withdraw.execute(invitationId, callerIn(workspace, admin)))).toBe('auth.forbidden');
    expect(await codeOf(invites(newAddress(), 'member', admin))).toBe('auth.forbidden');
    expect(await codeOf(accepts(newAddress(), { password: PASSWORD }))).toBe('done');
  });

  it('by an API key give what it has itself, and no key invites an owner or withdraws their invitation', async () => {
    const by = (scopes: readonly string[], role: Role) =>
      codeOf(invite.execute({ email: emailAddress(newAddress()), role }, callerIn(workspace, owner, scopes)));
    for (const role of ['owner', 'admin', 'member', 'auditor'] as const) {
      expect(await by(['users:write'], role)).toBe('auth.forbidden');
    }
    expect(await by(['admin'], 'owner')).toBe('auth.forbidden');
    expect(await openNow()).toEqual([]);
    expect(await by(['admin'], 'admin')).toBe('done');
    const { invitationId } = await invites(newAddress(), 'owner');
    expect(await codeOf(withdraw.execute(invitationId, callerIn(workspace, owner, ['admin'])))).toBe('auth.forbidden');
    expect((await accepts(newAddress(), { password: PASSWORD })).member).toMatchObject({ role: 'owner' });
  });

  it('are worth what who invited may still give: one who was removed leaves no way back in', async () => {
    const second = await people.member(workspace, 'owner', `second${number}`);
    await invites(newAddress(), 'owner', second);
    await does(owner, { type: 'ChangeMemberRole', role: 'admin' }, second);
    expect(await codeOf(accepts(newAddress(), { password: PASSWORD }))).toBe('invitation.ended');
    await does(owner, { type: 'ChangeMemberRole', role: 'owner' }, second);
    await does(owner, { type: 'RemoveMember' }, second);
    expect(await codeOf(accepts(newAddress(), { password: PASSWORD }))).toBe('invitation.ended');
  });

  it('of another workspace are not there, and an unknown token is nothing', async () => {
    const { invitationId } = await invites(newAddress());
    const other = await people.workspace();
    const stranger = await people.member(other, 'owner', `stranger${number}`);
    expect(await codeOf(withdraw.execute(invitationId, callerIn(other, stranger)))).toBe('invitation.not_found');
    expect(await codeOf(acceptsWith('x'.repeat(43), { password: PASSWORD }))).toBe('invitation.not_found');
  });

  it('are listed, the oldest first, page by page', async () => {
    for (const name of ['a', 'b', 'c']) {
      identity.clock.advance(1_000);
      await invites(`${name}${number}@b.example`);
    }
    const first = await open.after(workspace, null, 2);
    const rest = await open.after(workspace, first.next, 2);
    expect([...first.items, ...rest.items].map(({ email }) => email.written)).toEqual(
      ['a', 'b', 'c'].map((name) => `${name}${number}@b.example`),
    );
    expect(rest.next).toBeNull();
  });
});
