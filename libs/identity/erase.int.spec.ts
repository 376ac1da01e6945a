import { PostgresEventStore } from '@latchkey/event-store';
import { requestId, Secret, userId, type UserId, type WorkspaceId } from '@latchkey/kernel';
import { eventually } from '@latchkey/testing';
import type { DataSource, EntityManager } from 'typeorm';
import { JoseSessionTokens } from './adapters/jose-session-tokens';
import { IMPERSONAL_TABLES, PERSONAL_TABLES, PostgresPersonalData } from './adapters/personal-data';
import { PostgresMfaChallenges } from './adapters/postgres-mfa-challenges';
import { PostgresMfaEnrolments } from './adapters/postgres-mfa-enrolments';
import { PostgresPasswordResets } from './adapters/postgres-password-resets';
import { PostgresSessionStore } from './adapters/postgres-session-store';
import { SealedSeeds } from './adapters/sealed-seeds';
import { EraseUserHandler } from './application/erase-user.handler';
import { InviteHandler } from './application/invite.handler';
import { NewInvitations } from './application/new-invitations';
import type { Mail, MailMessage } from './application/ports';
import { UserSessions } from './application/user-sessions';
import { identityDatabase, MASTER_KEY, type IdentityDatabase } from './testing/identity-database';
import { callerIn, emailAddress, People } from './testing/people';

const DAY_MS = 86_400_000;

/** What somebody waits for until it is opened. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

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
    const { users, invitations, settlement, clock } = identity;
    erase = new EraseUserHandler(users, invitations, new PostgresPersonalData(), settlement, clock);
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

  /** Whoever waits for somebody else in this database. */
  const waiting = () =>
    select(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`);

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
    const newInvitations = new NewInvitations(budgets, outbox, tokens, ids, clock);
    const invite = new InviteHandler(invitations, members, workspaces, newInvitations, clock);
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

  const resetTo = (email: string) => {
    const address = emailAddress(email);
    const expiresAt = new Date(identity.clock.now().getTime() + 3_600_000);
    return { email: address, token: identity.tokens.next(), expiresAt };
  };

  /** Erases somebody while a link to reset their password is being written; answers how many rows of it are left. */
  async function eraseWhileResetting(name: string, dataSource: DataSource): Promise<number> {
    const user = await people.member(workspace, 'member', name);
    const [isWriting, mayGoOn] = [gate(), gate()];
    const slowly: Mail = {
      send: async (tx, message) => {
        isWriting.open();
        await mayGoOn.opened;
        await identity.outbox.send(tx, message);
      },
    };
    const resets = new PostgresPasswordResets(dataSource, slowly);
    const writing = resets.begin({ userId: user, ...resetTo(`${name}@b.example`) });
    await isWriting.opened;
    const erasing = erase.execute(user);
    await Promise.race([erasing, eventually(async () => expect(await waiting()).not.toHaveLength(0))]);
    mayGoOn.open();
    await Promise.all([writing, erasing]);
    const left = await select('SELECT FROM password_reset WHERE user_id = $1', [user]);
    const mails = await select('SELECT FROM mail_outbox WHERE recipient = $1', [`${name}@b.example`]);
    return left.length + mails.length;
  }

  it('leaves nothing of a link to reset the password that is being written at the same time', async () => {
    expect(await eraseWhileResetting('grace.hopper', identity.dataSource)).toBe(0);
    expect(await everything()).not.toMatch(/hopper/i);
  });

  /** Whose transactions say every statement to somebody first, who may say another one. */
  function telling(somebody: (statement: string) => string | Promise<string>): DataSource {
    const told = Object.create(identity.dataSource) as DataSource;
    told.transaction = ((work: (tx: EntityManager) => Promise<unknown>) =>
      identity.dataSource.transaction((tx) => {
        const loose = Object.create(tx) as EntityManager;
        loose.query = (async (statement: string, parameters: unknown[]) =>
          tx.query(await somebody(statement), parameters)) as EntityManager['query'];
        return work(loose);
      })) as DataSource['transaction'];
    return told;
  }

  it('would leave it, if who writes it did not take hold of the user', async () => {
    const careless = telling((statement) => statement.replace('FOR KEY SHARE', ''));
    expect(await eraseWhileResetting('mary', careless)).toBe(2);
    await select('DELETE FROM password_reset');
    await select('DELETE FROM mail_outbox');
  });

  /** Erases somebody whose session is being opened, after it was seen that there is such a user; answers what is left of where from. */
  async function eraseWhileSigningIn(name: string, heldBy: 'FOR SHARE' | ''): Promise<readonly object[]> {
    const user = await people.member(workspace, 'member', name);
    const [isOpening, mayGoOn] = [gate(), gate()];
    const dataSource = telling(async (statement) => {
      if (statement.startsWith('UPDATE user_contact')) {
        isOpening.open();
        await mayGoOn.opened;
      }
      return statement.replace('FOR SHARE', heldBy);
    });
    const { subjects, signingKeys, users, settlement, ids, clock } = identity;
    const sessions = new UserSessions({
      store: new PostgresSessionStore(dataSource, new PostgresEventStore(dataSource), subjects, DAY_MS),
      tokens: new JoseSessionTokens(signingKeys, clock),
      ...{ users, settlement, ids, clock, lifeMs: DAY_MS, refreshLeastMs: 0 },
    });
    const opening = sessions.open({
      ...{ user: { userId: user, sessionGeneration: 0 }, workspaceId: workspace, secondFactor: false },
      ...{ seen: { ip: '203.0.113.9', userAgent: name }, requestId: requestId('test') },
    });
    await isOpening.opened;
    const erasing = erase.execute(user);
    await Promise.race([erasing, eventually(async () => expect(await waiting()).not.toHaveLength(0))]);
    mayGoOn.open();
    await Promise.all([opening, erasing]);
    return select('SELECT ip, user_agent FROM session_detail WHERE user_id = $1', [user]);
  }

  it('leaves nothing of where somebody is signing in from at the same time', async () =>
    expect(await eraseWhileSigningIn('joan.clarke', 'FOR SHARE')).toEqual([]));

  it('would leave it, if who opens a session did not take hold of the user', async () => {
    expect(await eraseWhileSigningIn('margaret', '')).toEqual([{ ip: '203.0.113.9', user_agent: 'margaret' }]);
    await select('DELETE FROM session_detail');
  });

  it('leaves nothing of what somebody was about to write when it was done', async () => {
    const { dataSource, outbox, clock, ids } = identity;
    const { email, token, expiresAt } = resetTo('ada.lovelace@b.example');
    const values = { code: new Secret('123456'), expiresAt };
    const mail: MailMessage = { to: email, template: 'email_code', values };
    await new PostgresPasswordResets(dataSource, outbox).begin({ userId: ada, email, token, expiresAt });
    await new PostgresMfaChallenges(dataSource, outbox).keep({
      ...{ token, userId: ada, workspaceId: workspace, generation: 0, emailCode: Buffer.alloc(32) },
      ...{ expiresAt, mail, begunAt: clock.now() },
    });
    await new PostgresMfaEnrolments(dataSource, new SealedSeeds(MASTER_KEY), outbox).keep(
      {
        ...{ enrolmentId: ids.next(), userId: ada, generation: 0, expiresAt },
        factor: { method: 'email', emailCode: Buffer.alloc(32) },
      },
      mail,
    );
    for (const table of ['password_reset', 'mfa_challenge', 'mfa_enrolment', 'mail_outbox']) {
      expect([table, await select(`SELECT FROM ${table}`)]).toEqual([table, []]);
    }
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
