import { Secret, userId, type UserId, type WorkspaceId } from '@latchkey/kernel';
import { IMPERSONAL_TABLES, PERSONAL_TABLES, PostgresPersonalData } from './adapters/personal-data';
import { EraseUserHandler } from './application/erase-user.handler';
import { InviteHandler } from './application/invite.handler';
import { identityDatabase, type IdentityDatabase } from './testing/identity-database';
import { callerIn, emailAddress, People } from './testing/people';

describe('erasing a user', () => {
  let identity: IdentityDatabase;
  let people: People;
  let erase: EraseUserHandler;
  let workspace: WorkspaceId;
  let owner: UserId;
  let ada: UserId;

  beforeAll(async () => {
    identity = await identityDatabase();
    people = new People(identity);
    const { users, contacts, invitations, settlement, clock } = identity;
    erase = new EraseUserHandler(users, contacts, invitations, new PostgresPersonalData(), settlement, clock);
    workspace = await people.workspace();
    owner = await people.member(workspace, 'owner', 'owner');
    ada = await people.member(workspace, 'admin', 'ada.lovelace');
  });
  afterAll(() => identity.close());

  const select = <Row>(statement: string, parameters: unknown[] = []) =>
    identity.dataSource.query<Row[]>(statement, parameters);
  /** Every row of every table, as text. */
  const everything = async (): Promise<string> => {
    const tables = await select<{ table_name: string }>(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'identity'`,
    );
    const rows = await Promise.all(
      tables.map(({ table_name: table }) =>
        select<{ row: string }>(
          table === 'events'
            ? `SELECT concat(stream_id, type, convert_from(data, 'UTF8'), meta) AS row FROM events`
            : `SELECT t::text AS row FROM "${table}" AS t`,
        ),
      ),
    );
    return rows
      .flat()
      .map(({ row }) => row)
      .join('\n');
  };

  it('knows every table that is about users', async () => {
    const tables = await select<{ table_name: string }>(
      `SELECT table_name FROM information_schema.columns WHERE table_schema = 'identity' AND column_name = 'user_id'`,
    );
    expect(tables.map(({ table_name: name }) => name).sort()).toEqual(
      [...PERSONAL_TABLES, ...IMPERSONAL_TABLES].sort(),
    );
  });

  it('leaves nothing that says who it was, and every event as it was', async () => {
    const { dataSource, contacts, passwords, invitations, members, workspaces } = identity;
    const { budgets, outbox, tokens, ids, clock } = identity;
    const invite = new InviteHandler(invitations, members, workspaces, budgets, outbox, tokens, ids, clock);
    const elsewhere = await people.workspace();
    const host = await people.member(elsewhere, 'owner', 'host');
    await invite.execute({ email: emailAddress('Ada.Lovelace@b.example'), role: 'member' }, callerIn(elsewhere, host));
    await dataSource.transaction((tx) => passwords.set(tx, ada, new Secret('hash of lovelace'), clock.now()));
    expect(await everything()).toMatch(/lovelace/i);
    expect(await select('SELECT FROM mail_outbox')).toHaveLength(1);
    const before = await identity.history();

    await erase.execute(ada);

    expect(await everything()).not.toMatch(/lovelace/i);
    expect(await select('SELECT FROM mail_outbox')).toHaveLength(0);
    expect(await contacts.find(ada)).toBeNull();
    const after = await identity.history();
    expect(after.slice(0, before.length)).toEqual(before);
    expect(
      after
        .slice(before.length)
        .map(({ type }) => type)
        .sort(),
    ).toEqual(['latchkey.invitation.withdrawn.v1', 'latchkey.user.erased.v1', 'latchkey.user.sessions_ended.v1']);
  });

  it('ends keys and sessions by the subject that they depend on, which is settled', async () => {
    const [snapshot] = await identity.subjects.read([{ kind: 'user', id: ada }]);
    expect(snapshot?.body).toEqual({ kind: 'user', status: 'suspended', roles: {}, sessionGeneration: 1 });
    expect(identity.settlement.settled.at(-1)).toMatchObject({ kind: 'user', id: ada, version: snapshot?.version });
    expect(await identity.members.find(workspace, ada)).toBeNull();
  });

  it('may be done again, and frees the address for somebody new', async () => {
    await erase.execute(ada);
    const successor = await people.member(workspace, 'member', 'ada.lovelace');
    expect(await identity.members.find(workspace, successor)).toMatchObject({ email: 'ada.lovelace@b.example' });
  });

  it('is refused for one without whom a workspace has no owner, and nothing is erased', async () => {
    await expect(erase.execute(owner)).rejects.toMatchObject({ code: 'member.last_owner' });
    expect(await identity.contacts.find(owner)).toMatchObject({ email: 'owner@b.example' });
  });

  it('of somebody unknown is refused', () =>
    expect(erase.execute(userId('nobody'))).rejects.toMatchObject({ code: 'user.not_found' }));
});
