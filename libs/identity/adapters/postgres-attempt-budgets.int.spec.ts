import { openDatabase } from '@latchkey/event-store';
import { Secret } from '@latchkey/kernel';
import { freshDatabase, type FreshDatabase } from '@latchkey/testing';
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { ATTEMPT_LIMITS, signInBudgets, type AttemptCharge } from '../application/attempts';
import { identityMigrations } from './identity-migrations';
import { PostgresAttemptBudgets } from './postgres-attempt-budgets';

const now = new Date('2026-04-28T12:00:00.000Z');
const after = (ms: number) => new Date(now.getTime() + ms);
const masterKey = new Secret('m'.repeat(32));
const limits = { ...ATTEMPT_LIMITS, account: { attempts: 5, periodMs: 60_000 } };
const { attempts: perAddress, periodMs } = ATTEMPT_LIMITS.account_address;

describe('budgets of attempts in Postgres', () => {
  let database: FreshDatabase;
  let dataSource: DataSource;
  const open: DataSource[] = [];
  /** As another process has it. */
  const start = async () => {
    const opened = await openDatabase({
      url: database.url,
      schema: 'identity',
      migrations: identityMigrations,
      applicationName: 'identity-test',
    });
    open.push(opened);
    return opened;
  };
  const budgets = (of = dataSource) => new PostgresAttemptBudgets(of, masterKey, limits);

  beforeAll(async () => {
    database = await freshDatabase();
    dataSource = await start();
  });
  beforeEach(() => dataSource.query('TRUNCATE attempt_budget'));
  afterAll(async () => {
    await Promise.all(open.map((each) => each.destroy()));
    await database.drop();
  });

  const kinds = (charges: readonly AttemptCharge[]) => charges.map(({ kind }) => kind);
  const charged = (charges: readonly AttemptCharge[]) => kinds(charges).filter((kind) => kind === 'charged').length;
  const locks = (charge: AttemptCharge) =>
    charge.kind === 'charged' ? charge.budgets.filter((budget) => budget.locks).map(({ kind }) => kind) : [];

  it('take no more than their limit from any number of processes at once, and one of them locks', async () => {
    const processes = [budgets(), budgets(await start()), budgets(await start())];
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        processes.map((each) => each.charge(signInBudgets('a@b.example', `192.0.2.${index % 4}`), now)),
      ).flat(),
    );
    expect(charged(all)).toBe(5);
    expect(all.flatMap(locks)).toEqual(['account']);
    expect(all.find(({ kind }) => kind === 'refused')).toEqual({ kind: 'refused', until: after(60_000) });
  });

  it('are kept under digests that nobody makes without the master key', async () => {
    const of = { kind: 'account', subject: 'a@b.example' } as const;
    const digests = async () =>
      (await dataSource.query<{ digest: Buffer }[]>('SELECT digest FROM attempt_budget')).map(({ digest }) => digest);
    await budgets().charge([of], now);
    const [mine] = await digests();
    expect(mine).not.toEqual(createHash('sha256').update(`${of.kind} ${of.subject}`).digest());
    await new PostgresAttemptBudgets(dataSource, new Secret('n'.repeat(32)), limits).charge([of], now);
    expect(await digests()).toHaveLength(2);
    await budgets(await start()).charge([of], now);
    expect(await digests()).toHaveLength(2);
  });

  it('without their locks take more than their limit: that is what the locks are for', async () => {
    const unlocked = Object.create(dataSource) as DataSource;
    // Each statement for itself: what one has read, another one changes before it is written.
    unlocked.transaction = ((work: (tx: DataSource['manager']) => Promise<unknown>) =>
      work(dataSource.manager)) as DataSource['transaction'];
    const naive = new PostgresAttemptBudgets(unlocked, masterKey, limits);
    const settled = await Promise.allSettled(
      Array.from({ length: 60 }, () => naive.charge(signInBudgets('a@b.example', '192.0.2.1'), now)),
    );
    // Some wait for each other in a circle, which the locks prevent too.
    const charges = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(charged(charges)).toBeGreaterThan(5);
  });

  it('stay spent when every process is started anew', async () => {
    const before = budgets(await start());
    for (let attempt = 0; attempt < 5; attempt += 1) await before.charge(signInBudgets('a@b.example', '::1'), now);
    await open.pop()?.destroy();
    const restarted = budgets(await start());
    expect(await restarted.charge(signInBudgets('a@b.example', '192.0.2.9'), after(59_999))).toEqual({
      kind: 'refused',
      until: after(60_000),
    });
    expect((await restarted.charge(signInBudgets('a@b.example', '192.0.2.9'), after(60_000))).kind).toBe('charged');
  });

  it('are charged all or none', async () => {
    const adapter = budgets();
    for (let attempt = 0; attempt < 8; attempt += 1)
      await adapter.charge(signInBudgets('a@b.example', '192.0.2.1'), now);
    const [, account, address] = signInBudgets('c@d.example', '192.0.2.1');
    const other = await adapter.charge(signInBudgets('c@d.example', '192.0.2.1'), now);
    const spent = other.kind === 'charged' ? other.budgets : [];
    // Five of the first account, not eight.
    expect(spent.find(({ kind }) => kind === address?.kind)?.spent).toBe(6);
    expect(spent.find(({ kind }) => kind === account?.kind)?.spent).toBe(1);
  });

  it('tell accounts, addresses and both together apart', async () => {
    const adapter = new PostgresAttemptBudgets(dataSource, masterKey);
    const attempt = (account: string, ip: string) => adapter.charge(signInBudgets(account, ip), now);
    for (let count = 0; count < perAddress; count += 1) await attempt('a@b.example', '2001:db8::1');
    expect(kinds([await attempt('a@b.example', '2001:db8::ffff')])).toEqual(['refused']);
    expect(
      kinds([await attempt('a@b.example', '2001:db8:0:1::1'), await attempt('c@d.example', '2001:db8::1')]),
    ).toEqual(['charged', 'charged']);
  });

  it('get back what a success was charged, but not into a later count', async () => {
    const adapter = budgets();
    const attempt = (at: Date) => adapter.charge(signInBudgets('a@b.example', '192.0.2.1'), at);
    const first = await attempt(now);
    for (let count = 0; count < 4; count += 1) await attempt(now);
    expect(kinds([await attempt(now)])).toEqual(['refused']);
    if (first.kind === 'charged') await adapter.giveBack(first.budgets);
    expect(kinds([await attempt(now), await attempt(now)])).toEqual(['charged', 'refused']);
    for (let count = 0; count < 5; count += 1) await attempt(after(60_000));
    if (first.kind === 'charged') await adapter.giveBack(first.budgets.filter(({ kind }) => kind === 'account'));
    expect(kinds([await attempt(after(60_000))])).toEqual(['refused']);
  });

  it('are charged, given back and reset at once by many, who never wait for each other in a circle', async () => {
    const processes = [budgets(), budgets(await start())];
    const wide = Array.from({ length: 400 }, async (_, index) => {
      const adapter = index % 2 === 0 ? processes[0] : processes[1];
      const refs = signInBudgets(`${index % 3}@b.example`, `192.0.2.${index % 5}`);
      const result = await adapter?.charge(refs, now);
      if (index % 50 === 0) await adapter?.reset(refs.slice(0, 2));
      else if (result?.kind === 'charged') await adapter?.giveBack(result.budgets);
    });
    await Promise.all(wide);
    const [all] = await dataSource.query<{ spent: number }[]>('SELECT spent FROM attempt_budget ORDER BY spent DESC');
    expect(all?.spent).toBeLessThanOrEqual(8);
  });

  it('are whole again when they are reset', async () => {
    const adapter = budgets();
    const refs = signInBudgets('a@b.example', '192.0.2.1');
    for (let count = 0; count < 5; count += 1) await adapter.charge(refs, now);
    await adapter.reset(refs.filter(({ kind }) => kind === 'account'));
    expect(kinds([await adapter.charge(refs, now)])).toEqual(['charged']);
  });

  it('are forgotten after they have ended', async () => {
    const adapter = budgets();
    for (let count = 0; count < 20; count += 1)
      await adapter.charge(signInBudgets(`${count}@b.example`, '192.0.2.1'), now);
    for (let count = 0; count < 10; count += 1)
      await adapter.charge(signInBudgets('a@b.example', '::1'), after(2 * periodMs + count * 60_000));
    expect((await dataSource.query<object[]>('SELECT FROM attempt_budget')).length).toBeLessThan(8);
  });
});
