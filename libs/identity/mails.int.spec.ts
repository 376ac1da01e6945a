import { Secret } from '@latchkey/kernel';
import type { Delivery, DeliveryOutcome } from './adapters/mail/delivery';
import type { Letter } from './adapters/mail/letter';
import { letterWriter } from './adapters/mail/letters';
import { MailDispatch, type MailReport } from './adapters/mail/mail-dispatch';
import { PromMailReport } from './adapters/mail/prom-mail-report';
import { PostgresMailOutbox, type MailOutboxOptions } from './adapters/postgres-mail-outbox';
import type { MailMessage } from './application/ports';
import { Registry } from 'prom-client';
import { identityDatabase, MASTER_KEY, type IdentityDatabase } from './testing/identity-database';
import { emailAddress } from './testing/people';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const TOKEN = 'a-token-that-is-as-good-as-a-password';

/** A mail server that takes everything, or answers what it is told to. */
class Server implements Delivery {
  readonly got: (Letter & { readonly mailId: string })[] = [];
  answer: DeliveryOutcome = { kind: 'delivered' };

  async deliver(letter: Letter, mailId: string): Promise<DeliveryOutcome> {
    this.got.push({ ...letter, mailId });
    return this.answer;
  }
}

class Report implements MailReport {
  readonly lines: string[] = [];
  sent = () => void this.lines.push('sent');
  putOff = (_mail: unknown, reason: string) => void this.lines.push(`put off: ${reason}`);
  givenUp = (_mail: unknown, reason: string) => void this.lines.push(`given up: ${reason}`);
  failed = () => void this.lines.push('failed');
}

describe('mails', () => {
  let identity: IdentityDatabase;
  let server: Server;
  let report: Report;
  beforeAll(async () => {
    identity = await identityDatabase();
  });
  afterAll(() => identity?.close());
  beforeEach(async () => {
    await identity.dataSource.query('DELETE FROM mail_outbox');
    [server, report] = [new Server(), new Report()];
  });

  const outboxWith = (fields: Partial<MailOutboxOptions> = {}) => {
    const { dataSource, ids, clock } = identity;
    const write = letterWriter('https://id.example.com');
    return new PostgresMailOutbox({ dataSource, ids, clock, masterKey: MASTER_KEY, write, ...fields });
  };
  const dispatch = (outbox = outboxWith()) =>
    new MailDispatch({ outbox, delivery: server, clock: identity.clock, report });

  const reset = (to: string, lifeMs = HOUR_MS): MailMessage => ({
    ...{ to: emailAddress(to), template: 'password_reset' },
    values: { token: new Secret(TOKEN), expiresAt: new Date(identity.clock.now().getTime() + lifeMs) },
  });
  const notice = (to: string): MailMessage => ({
    ...{ to: emailAddress(to), template: 'password_changed' },
    values: { at: identity.clock.now() },
  });
  const invitation = (to: string): MailMessage => ({
    ...{ to: emailAddress(to), template: 'invitation' },
    values: {
      workspace: 'Ours',
      role: 'member',
      token: new Secret(TOKEN),
      expiresAt: new Date(identity.clock.now().getTime() + HOUR_MS),
    },
  });
  const expiry = (to: string, days: number): MailMessage => ({
    ...{ to: emailAddress(to), template: 'key_expires' },
    values: {
      key: { keyId: '01999999-0000-7000-8000-000000000001', name: 'CI', workspace: 'Ours' },
      daysBefore: 7,
      expiresAt: new Date(identity.clock.now().getTime() + days * 24 * HOUR_MS),
    },
  });
  const send = (message: MailMessage) => identity.dataSource.transaction((tx) => outboxWith().send(tx, message));
  const rows = () => identity.dataSource.query<{ due_at: Date }[]>('SELECT * FROM mail_outbox');
  async function all(sender: MailDispatch): Promise<void> {
    while (await sender.turn());
  }

  it('go out before invitations, however many wait', async () => {
    for (const to of ['bob@b.example', 'carl@b.example']) await send(invitation(to));
    identity.clock.advance(1_000);
    await send(reset('ada@b.example'));
    await all(dispatch());
    expect(server.got.map(({ to }) => to)).toEqual(['ada@b.example', 'bob@b.example', 'carl@b.example']);
  });

  it('go out before what a clock has written, however much that is', async () => {
    for (const to of ['bob@b.example', 'carl@b.example']) await send(expiry(to, 7));
    identity.clock.advance(1_000);
    await send(notice('ada@b.example'));
    await all(dispatch());
    expect(server.got.map(({ to }) => to)).toEqual(['ada@b.example', 'bob@b.example', 'carl@b.example']);
  });

  it('about keys wait a week for a server that is down, as nobody would ask for them again, but not longer than they matter', async () => {
    const { clock } = identity;
    server.answer = { kind: 'failed', reason: 'ECONNREFUSED' };
    await send(expiry('ada@b.example', 14));
    await send(expiry('bob@b.example', 2));
    await all(dispatch());
    clock.advance(3 * 24 * HOUR_MS);
    await all(dispatch());
    expect(report.lines.at(-1)).toBe('given up: too late');
    server.answer = { kind: 'delivered' };
    clock.advance(3 * 24 * HOUR_MS);
    await all(dispatch());
    expect(server.got.at(-1)?.to).toBe('ada@b.example');
    expect(await rows()).toEqual([]);
  });

  it('are sent once the command is committed, and nothing of them is left', async () => {
    await send(reset('ada@b.example'));
    await all(dispatch());
    expect(server.got).toMatchObject([{ to: 'ada@b.example', subject: 'Set a new password' }]);
    expect(server.got[0]?.text).toContain(`https://id.example.com/reset-password#${TOKEN}`);
    expect([report.lines, await rows()]).toEqual([['sent'], []]);
  });

  it('of a command that failed are not sent', async () => {
    const failing = identity.dataSource.transaction(async (tx) => {
      await outboxWith().send(tx, reset('ada@b.example'));
      throw new Error('the command fails');
    });
    await expect(failing).rejects.toThrow('the command fails');
    expect([await dispatch().turn(), server.got]).toEqual([false, []]);
  });

  it('are kept so that nobody who reads the table can read them', async () => {
    await send(reset('ada@b.example'));
    const text = (await rows()).map((row) => Object.values(row).map(String).join()).join();
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain('reset-password');
  });

  it('that the server cannot take are tried again, later and later, until a day has passed', async () => {
    const { clock } = identity;
    server.answer = { kind: 'failed', reason: 'ECONNREFUSED' };
    await send(notice('ada@b.example'));
    const started = clock.now().getTime();
    const tried: number[] = [];
    for (let [row] = await rows(); row !== undefined; [row] = await rows()) {
      clock.set(row.due_at);
      await dispatch().turn();
      tried.push((row.due_at.getTime() - started) / 1_000);
    }
    expect(tried.slice(0, 6)).toEqual([0, 5, 15, 35, 75, 155]);
    const waits = tried.slice(1).map((at, index) => at - (tried[index] ?? 0));
    expect(Math.max(...waits)).toBe(1_800);
    expect(tried.at(-1)).toBeGreaterThan(23 * 3_600);
    expect(tried.at(-1)).toBeLessThan(24 * 3_600);
    expect(report.lines.filter((line) => line.startsWith('given up'))).toEqual(['given up: ECONNREFUSED']);
    expect(await rows()).toEqual([]);
  });

  it('reach people once the server is back', async () => {
    server.answer = { kind: 'failed', reason: 'ECONNREFUSED' };
    await send(notice('ada@b.example'));
    await all(dispatch());
    server.answer = { kind: 'delivered' };
    expect(await dispatch().turn()).toBe(false);
    identity.clock.advance(MINUTE_MS);
    await all(dispatch());
    expect(report.lines).toEqual(['put off: ECONNREFUSED', 'sent']);
  });

  describe('that wait', () => {
    const metricsWith = async (outbox: Pick<PostgresMailOutbox, 'waiting'>) => {
      const registry = new Registry();
      const logged: unknown[] = [];
      new PromMailReport(registry, { warn: () => undefined, error: (line: unknown) => logged.push(line) }, outbox);
      return { text: await registry.metrics(), logged };
    };

    it('are counted, put off or not', async () => {
      server.answer = { kind: 'failed', reason: 'ECONNREFUSED' };
      for (const message of [notice('ada@b.example'), notice('bob@b.example'), reset('ada@b.example')])
        await send(message);
      await dispatch().turn();
      expect((await metricsWith(outboxWith())).text).toMatch(/^mails_waiting 3$/m);
    });

    it('and cannot be counted hide no other metric', async () => {
      const { text, logged } = await metricsWith({ waiting: () => Promise.reject(new Error('away')) });
      expect([text.includes('mails_total'), /^mails_waiting Nan$/m.test(text), logged.length]).toEqual([true, true, 1]);
    });
  });

  it('that the server refuses for good are given up at once', async () => {
    server.answer = { kind: 'refused', reason: 'EENVELOPE RCPT TO 550' };
    await send(notice('ada@b.example'));
    await all(dispatch());
    expect([report.lines, await rows()]).toEqual([['given up: EENVELOPE RCPT TO 550'], []]);
  });

  it('with a link that has expired reach nobody', async () => {
    await send(reset('ada@b.example', MINUTE_MS));
    identity.clock.advance(MINUTE_MS);
    await all(dispatch());
    expect([server.got, report.lines, await rows()]).toEqual([[], ['given up: too late'], []]);
  });

  it('do not stand behind one that cannot be sent, nor behind one that cannot be opened', async () => {
    const { dataSource } = identity;
    const otherKey = outboxWith({ masterKey: new Secret('another master key'.repeat(3)) });
    await dataSource.transaction((tx) => otherKey.send(tx, notice('ada@b.example')));
    await send(notice('eve@b.example'));
    await all(dispatch());
    expect(server.got.map(({ to }) => to)).toEqual(['eve@b.example']);
    expect(report.lines).toEqual([expect.stringMatching(/^put off: it cannot be opened/), 'sent']);
  });

  it('of a sender that dies with one in hand are sent by another, and never lost', async () => {
    await send(notice('ada@b.example'));
    const { clock } = identity;
    const dead = await outboxWith().take(new Date(clock.now().getTime() + 2 * MINUTE_MS));
    expect(await dispatch().turn()).toBe(false);
    clock.advance(2 * MINUTE_MS);
    await all(dispatch());
    expect(server.got).toMatchObject([{ to: 'ada@b.example', mailId: dead?.mailId }]);
  });

  it('that the server has taken come again, as the same mail, when the sender dies before it has written that down', async () => {
    await send(notice('ada@b.example'));
    const outbox = outboxWith();
    outbox.remove = () => Promise.reject(new Error('killed'));
    await expect(dispatch(outbox).turn()).rejects.toThrow('killed');
    identity.clock.advance(2 * MINUTE_MS);
    await all(dispatch());
    const [first, second] = server.got;
    expect([server.got.length, second?.mailId]).toEqual([2, first?.mailId]);
  });

  it('put off by a sender that has long lost them are not put off', async () => {
    await send(notice('ada@b.example'));
    const outbox = outboxWith();
    const { clock } = identity;
    const slow = await outbox.take(clock.now());
    await outbox.take(clock.now());
    if (!slow) throw new Error('there was a mail');
    await outbox.putOff(slow, new Date(clock.now().getTime() + HOUR_MS));
    expect(await outbox.take(clock.now())).toMatchObject({ attempt: 3 });
  });

  describe('with several senders at once', () => {
    const MAILS = 60;
    async function sentBy(outbox: () => PostgresMailOutbox): Promise<readonly string[]> {
      for (let index = 0; index < MAILS; index += 1) await send(notice(`user${index}@b.example`));
      await Promise.all(Array.from({ length: 8 }, () => all(dispatch(outbox()))));
      return server.got.map(({ to }) => to);
    }

    it('go out once each', async () => {
      const sent = await sentBy(outboxWith);
      expect([sent.length, new Set(sent).size]).toEqual([MAILS, MAILS]);
    });

    it('go out several times each where nobody has a mail to himself while he sends it', async () => {
      const sent = await sentBy(() => {
        const outbox = outboxWith();
        const take = outbox.take.bind(outbox);
        outbox.take = () => take(identity.clock.now());
        return outbox;
      });
      expect(new Set(sent).size).toBe(MAILS);
      expect(sent.length).toBeGreaterThan(MAILS);
    });
  });

  it('are sent by a running process without being asked, and one that stops finishes what it has in hand', async () => {
    let arrived: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const delivery: Delivery = {
      async deliver() {
        arrived();
        await held;
        return { kind: 'delivered' };
      },
    };
    const sender = new MailDispatch({ outbox: outboxWith(), delivery, clock: identity.clock, report, idleMs: 5 });
    sender.start();
    await send(notice('ada@b.example'));
    await arrival;
    const stopped = sender.stop();
    release();
    await stopped;
    expect([report.lines, await rows()]).toEqual([['sent'], []]);
  });
});
