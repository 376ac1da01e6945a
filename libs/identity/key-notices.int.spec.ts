import { keyEvents, type EventEnvelope } from '@latchkey/contracts';
import { PoisonMessageError, type DeliveredMessage } from '@latchkey/event-bus';
import type { UserId, WorkspaceId } from '@latchkey/kernel';
import { PostgresPersonalData } from './adapters/personal-data';
import { PostgresKeyNotices } from './adapters/postgres-key-notices';
import { EraseUserHandler } from './application/erase-user.handler';
import type { MailMessage } from './application/ports';
import { SendKeyNotices } from './application/send-key-notices';
import { decideUser } from './domain/user/decide';
import { identityDatabase, type IdentityDatabase } from './testing/identity-database';
import { People } from './testing/people';

const KEY = '01999999-0000-7000-8000-000000000001';
const DAY_MS = 86_400_000;

type NoticedType = 'expiry_reminder_sent' | 'rotation_stalled' | 'leak_reported';

describe('a letter about a key', () => {
  let identity: IdentityDatabase;
  let people: People;
  let notices: SendKeyNotices;
  let workspace: WorkspaceId;
  let ada: UserId;
  beforeAll(async () => {
    identity = await identityDatabase();
    people = new People(identity);
  });
  afterAll(() => identity?.close());
  let round = 0;
  beforeEach(async () => {
    round += 1;
    const { dataSource, workspaces, mail, clock } = identity;
    notices = new SendKeyNotices(new PostgresKeyNotices(dataSource), workspaces, mail, clock);
    workspace = await people.workspace('ACME');
    await people.member(workspace, 'owner', `owner-${round}`);
    ada = await people.member(workspace, 'member', `ada-${round}`);
    mail.sent.length = 0;
  });

  const later = (ms: number) => new Date(identity.clock.now().getTime() + ms).toISOString();
  let events = 0;
  function message(name: NoticedType, fields: object = {}, envelope: Partial<EventEnvelope> = {}): DeliveredMessage {
    events += 1;
    const type = `latchkey.key.${name}.v1` as const;
    const whose = { name: 'CI deploy', userId: ada };
    const own = {
      expiry_reminder_sent: { daysBefore: 14, expiresAt: later(14 * DAY_MS) },
      rotation_stalled: { oldSecretId: `${KEY}.1`, graceUntil: later(DAY_MS), lastUsedAt: later(0) },
      leak_reported: {
        ...{ secretId: `${KEY}-${round}.1`, source: 'commit', url: 'https://git.example/a', policy: 'revoke' },
        reportedAt: later(0),
      },
    }[name];
    const data = keyEvents[type].parse({ ...whose, ...own, ...fields });
    const event: EventEnvelope = {
      ...{ specversion: '1.0', id: `event-${events}`, source: 'latchkey/issuance', type, subject: KEY, time: later(0) },
      ...{ datacontenttype: 'application/json', streamversion: 2, position: String(events), data },
      ...{ workspaceid: workspace, actorid: 'clock', requestid: 'clock', ...envelope },
    };
    const value = Buffer.from(JSON.stringify(event));
    return { topic: 'latchkey.keys.v1', key: KEY, partition: 0, offset: String(events), value };
  }
  const told = (sent: readonly MailMessage[] = identity.mail.sent) =>
    sent.map(({ to, template }) => `${template} ${to.canonical}`).sort();
  const nameOf = (who: string) => `${who}-${round}@b.example`;
  const suspend = (user: UserId) =>
    identity.users.write({
      userId: user,
      decide: (state) =>
        decideUser({ type: 'SuspendMember', workspaceId: workspace, now: identity.clock.now() }, state),
      meta: { actorId: 'test', workspaceId: workspace, requestId: 'test', at: identity.clock.now() },
    });

  it.each([
    ['expiry_reminder_sent', 'key_expires'],
    ['rotation_stalled', 'key_rotation_stalled'],
  ] as const)('of %s goes to who has made it, and to nobody else', async (event, template) => {
    await notices.handle(message(event));
    expect(told()).toEqual([`${template} ${nameOf('ada')}`]);
    expect(identity.mail.sent[0]?.values).toMatchObject({ key: { keyId: KEY, name: 'CI deploy', workspace: 'ACME' } });
  });

  it('that was found in public goes to the owners and admins of its workspace too', async () => {
    await people.member(workspace, 'admin', `admin-${round}`);
    await people.member(workspace, 'member', `bob-${round}`);
    await people.member(workspace, 'auditor', `carl-${round}`);
    await notices.handle(message('leak_reported'));
    expect(told()).toEqual(['ada', 'admin', 'owner'].map((who) => `key_leaked ${nameOf(who)}`));
  });

  it('goes out once, whatever is delivered again, and however many read at once', async () => {
    const again = message('expiry_reminder_sent');
    await Promise.all(Array.from({ length: 8 }, () => notices.handle(again)));
    await notices.handle(again);
    expect(told()).toEqual([`key_expires ${nameOf('ada')}`]);
  });

  it('would go out again where nobody remembered whom it went to', async () => {
    const again = message('expiry_reminder_sent');
    await notices.handle(again);
    await identity.dataSource.query('DELETE FROM key_notice');
    await notices.handle(again);
    expect(identity.mail.sent).toHaveLength(2);
  });

  it('whose writing fails goes out at the next try', async () => {
    const again = message('leak_reported');
    const { mail, workspaces, dataSource, clock } = identity;
    const failing = new SendKeyNotices(
      new PostgresKeyNotices(dataSource),
      workspaces,
      {
        send: (tx, letter) =>
          letter.to.canonical === nameOf('owner') ? Promise.reject(new Error('no')) : mail.send(tx, letter),
      },
      clock,
    );
    await expect(failing.handle(again)).rejects.toThrow('no');
    mail.sent.length = 0;
    await notices.handle(again);
    expect(told()).toEqual(['ada', 'owner'].map((who) => `key_leaked ${nameOf(who)}`));
  });

  it('is one a day for one leaked secret, in however many places it is found', async () => {
    for (const url of ['https://git.example/a', 'https://git.example/b'])
      await notices.handle(message('leak_reported', { url }));
    expect(identity.mail.sent).toHaveLength(2);
    identity.clock.advance(DAY_MS);
    await notices.handle(message('leak_reported', { url: 'https://git.example/c' }));
    expect(identity.mail.sent).toHaveLength(4);
  });

  it('goes to nobody who is suspended, has left or was erased', async () => {
    await suspend(ada);
    await notices.handle(message('expiry_reminder_sent'));
    const stranger = await people.member(await people.workspace(), 'member', `eve-${round}`);
    await notices.handle(message('expiry_reminder_sent', { userId: stranger }));
    const erased = await people.member(workspace, 'member', `erased-${round}`);
    const { users, invitations, settlement, clock } = identity;
    await new EraseUserHandler(users, invitations, new PostgresPersonalData(), settlement, clock).execute(erased);
    await notices.handle(message('expiry_reminder_sent', { userId: erased }));
    expect(told()).toEqual([]);
  });

  it.each([
    ['what has expired', 'expiry_reminder_sent', { expiresAt: '2026-04-28T11:59:59.000Z' }],
    ['a grace period that is over', 'rotation_stalled', { graceUntil: '2026-04-28T11:59:59.000Z' }],
  ] as const)('is not written about %s', async (_what, event, fields) => {
    await notices.handle(message(event, fields));
    expect(told()).toEqual([]);
  });

  it('is not written about what was long ago, as when everything is read again', async () => {
    await notices.handle(message('leak_reported', {}, { time: later(-30 * DAY_MS) }));
    expect(told()).toEqual([]);
  });

  it('is not written about what nobody needs to hear of', async () => {
    const other = JSON.parse(message('leak_reported').value.toString());
    other.type = 'latchkey.key.revoked.v1';
    await notices.handle({ ...message('leak_reported'), value: Buffer.from(JSON.stringify(other)) });
    expect(told()).toEqual([]);
  });

  it.each([
    ['no JSON', 'not JSON at all, s4e_live_secret'],
    ['no event', '{"type":"s4e_live_secret"}'],
  ])('of what cannot be read (%s) is given up, with a reason that quotes nothing', async (_what, text) => {
    const handled = notices.handle({ ...message('leak_reported'), value: Buffer.from(text) });
    await expect(handled).rejects.toThrow(PoisonMessageError);
    await expect(handled).rejects.not.toThrow(/secret/);
  });

  it('of an event of another form is given up', async () => {
    const event = JSON.parse(message('leak_reported').value.toString());
    delete event.data.userId;
    const handled = notices.handle({ ...message('leak_reported'), value: Buffer.from(JSON.stringify(event)) });
    await expect(handled).rejects.toThrow('not an event of type latchkey.key.leak_reported.v1');
  });
});
