import { isAppError } from '@latchkey/kernel';
import type { AttemptBudgets, AttemptCharge, BudgetRef } from './application/attempts';
import type { Captcha } from './application/captcha';
import type { Users } from './application/ports';
import type { BudgetLimit } from './domain/attempts/budget';
import { codeOf, SignInWorld, type SignInProcess } from './testing/sign-in-world';

const PASSWORD = 'correct horse battery staple';
const WRONG = 'wrong horse battery staple';

const keyOf = ({ kind, subject }: BudgetRef): string => `${kind} ${subject}`;

/** As they would be without a database. */
class RememberedBudgets implements AttemptBudgets {
  readonly #spent = new Map<string, number>();

  constructor(private readonly limit: BudgetLimit) {}

  async charge(refs: readonly BudgetRef[], now: Date): Promise<AttemptCharge> {
    const resetsAt = new Date(now.getTime() + this.limit.periodMs);
    const spent = refs.map((ref) => (this.#spent.get(keyOf(ref)) ?? 0) + 1);
    if (spent.some((each) => each > this.limit.attempts)) return { kind: 'refused', until: resetsAt };
    refs.forEach((ref, index) => this.#spent.set(keyOf(ref), spent[index] ?? 0));
    const charged = { beganAt: now, locks: false, resetsAt };
    return { kind: 'charged', budgets: refs.map((ref, index) => ({ ...ref, ...charged, spent: spent[index] ?? 0 })) };
  }

  async giveBack(refs: readonly BudgetRef[]): Promise<void> {
    for (const ref of refs) this.#spent.set(keyOf(ref), (this.#spent.get(keyOf(ref)) ?? 1) - 1);
  }

  async reset(refs: readonly BudgetRef[]): Promise<void> {
    for (const ref of refs) this.#spent.delete(keyOf(ref));
  }
}

describe('who tries to sign in', () => {
  let world: SignInWorld;
  let identity: SignInProcess;
  beforeAll(async () => {
    world = await SignInWorld.start();
    identity = await world.process();
  });
  beforeEach(() => world.reset(identity));
  afterAll(() => world.stop());

  const outcomes = () => world.records.map(({ outcome }) => outcome);

  describe('too often', () => {
    const limits = {
      account_address: { attempts: 1_000, periodMs: 60_000 },
      account: { attempts: 5, periodMs: 60_000 },
    };

    let limited: SignInProcess;
    beforeAll(() => {
      limited = identity.with({ limits });
    });

    /** How many of 100 wrong passwords at once are compared with the right one. */
    async function verifiedOf100(budgets?: (inner: AttemptBudgets) => AttemptBudgets): Promise<number> {
      let verified = 0;
      const counting = limited.with({
        ...(budgets && { budgets }),
        hasher: (inner) => ({
          hash: (password) => inner.hash(password),
          verify: (hash, password) => {
            verified += 1;
            return inner.verify(hash, password);
          },
        }),
      });
      const email = `storm-${verified}-${Math.random()}@b.example`;
      await world.register(counting, email, PASSWORD);
      await Promise.all(Array.from({ length: 100 }, () => codeOf(counting.signIn(email, WRONG))));
      return verified;
    }

    it('compares no more of 100 wrong passwords at once than the budget has', async () => {
      expect(await verifiedOf100()).toBe(5);
    });

    it('would compare more if it charged afterwards: that is what the order is for', async () => {
      const late: Promise<unknown>[] = [];
      const verified = await verifiedOf100((budgets) => ({
        charge: async (refs, now) => {
          const charge = await budgets.charge(refs, now);
          // Only looked at, and charged when it may have failed by now.
          if (charge.kind === 'charged') {
            await budgets.giveBack(charge.budgets);
            setImmediate(() => late.push(budgets.charge(refs, now)));
          }
          return charge;
        },
        giveBack: (charged) => budgets.giveBack(charged),
        reset: (refs) => budgets.reset(refs),
      }));
      await Promise.all(late);
      expect(verified).toBeGreaterThan(5);
    });

    it('locks the account, says so once, and tells its user as little as anybody', async () => {
      const id = await world.register(limited, 'locked@b.example', PASSWORD);
      for (const email of ['locked@b.example', 'never-there@b.example']) {
        const codes = [];
        for (let attempt = 0; attempt < 8; attempt += 1) codes.push(await codeOf(limited.signIn(email, WRONG)));
        expect(codes).toEqual([
          ...Array<string>(5).fill('auth.unauthorized'),
          ...Array<string>(3).fill('auth.rate_limited'),
        ]);
      }
      const refused: unknown = await limited
        .signIn('locked@b.example', PASSWORD, { ip: '198.51.100.7' })
        .catch((error: unknown) => error);
      expect(isAppError(refused, 'auth.rate_limited') && refused.retryAfterSeconds).toBe(60);
      await limited.aside.done();
      expect(
        (await limited.parts.events.readStream(id)).filter(({ type }) => type === 'latchkey.user.account_locked.v1'),
      ).toHaveLength(1);
      expect(world.mails.filter(({ to }) => to.canonical === 'locked@b.example')).toMatchObject([
        { template: 'account_locked' },
      ]);
      world.clock.advance(60_000);
      await limited.signIn('locked@b.example', PASSWORD);
    });

    /** Whether the right password is taken by another process, after wrong ones have locked the account. */
    async function openAfterRestart(budgets?: () => AttemptBudgets): Promise<boolean> {
      const options = { limits, ...(budgets && { budgets }) };
      const before = identity.with(options);
      const email = `restart-${Math.random()}@b.example`;
      await world.register(before, email, PASSWORD);
      for (let attempt = 0; attempt < 5; attempt += 1) await codeOf(before.signIn(email, WRONG));
      expect(await codeOf(before.signIn(email, PASSWORD))).toBe('auth.rate_limited');
      await before.aside.done();
      return (await codeOf((await world.process(options)).signIn(email, PASSWORD))) === null;
    }

    it('keeps the account locked when every process was started anew', async () => {
      expect(await openAfterRestart()).toBe(false);
    });

    it('would not if budgets were kept in memory: that is why they are not', async () => {
      expect(await openAfterRestart(() => new RememberedBudgets(limits.account))).toBe(true);
    });

    it('gives back what succeeded, and what could not be decided', async () => {
      await world.register(limited, 'often@b.example', PASSWORD);
      for (let count = 0; count < 12; count += 1) await limited.signIn('often@b.example', PASSWORD);
      const full = limited.with({
        hasher: (inner) => ({
          hash: (password) => inner.hash(password),
          verify: () => Promise.reject(new Error('full')),
        }),
      });
      for (let count = 0; count < 12; count += 1)
        await expect(full.signIn('often@b.example', PASSWORD)).rejects.toThrow('full');
      await limited.signIn('often@b.example', PASSWORD);
    });

    it('does not give back what whoever went away was charged, who else would hold the queue for nothing', async () => {
      const email = 'gone@b.example';
      await world.register(limited, email, PASSWORD);
      for (let count = 0; count < 5; count += 1) {
        const gone = new AbortController();
        const busy = limited.with({
          hasher: (inner) => ({
            hash: (password) => inner.hash(password),
            verify: (hash, password, caller) => {
              gone.abort(new Error('gone'));
              return inner.verify(hash, password, caller);
            },
          }),
        });
        expect(await codeOf(busy.signIn(email, PASSWORD, { signal: gone.signal }))).toBe('service.unavailable');
      }
      expect(await codeOf(limited.signIn(email, PASSWORD))).toBe('auth.rate_limited');
    });

    it('looks nothing up of accounts for who may not try', async () => {
      let looked = 0;
      const users = (inner: Users): Users => ({
        load: (id) => {
          looked += 1;
          return inner.load(id);
        },
        write: (write) => inner.write(write),
      });
      const watched = identity.with({ limits, users });
      for (let count = 0; count < 8; count += 1) await codeOf(watched.signIn('looked-up@b.example', WRONG));
      expect(looked).toBe(5);
    });

    it('bounds right passwords too, which cost as much work', async () => {
      const bounded = identity.with({ limits: { right_password: { attempts: 3, periodMs: 60_000 } } });
      const email = 'right@b.example';
      await world.register(bounded, email, PASSWORD);
      for (let count = 0; count < 5; count += 1) await codeOf(bounded.signIn(email, WRONG));
      const codes = [];
      for (let count = 0; count < 4; count += 1) codes.push(await codeOf(bounded.signIn(email, PASSWORD)));
      expect(codes).toEqual([null, null, null, 'auth.rate_limited']);
      world.clock.advance(60_000);
      await bounded.signIn(email, PASSWORD);
    });
  });

  describe('with a captcha', () => {
    const solved = { response: 'right', vendor: 'turnstile' } as const;
    const captcha: Captcha = { vendor: 'turnstile', passes: async (response) => response === 'right' };
    let guarded: SignInProcess;
    beforeAll(async () => {
      guarded = identity.with({ captcha: { captcha, isTrusted: (ip) => ip === '203.0.113.9' } });
      await world.register(guarded, 'captcha@b.example', PASSWORD);
    });
    const failThrice = async () => {
      for (let count = 0; count < 3; count += 1) await codeOf(guarded.signIn('captcha@b.example', WRONG));
    };

    it('asks for none until three attempts have failed, then for one of its own vendor, from whatever address', async () => {
      await failThrice();
      const refused: unknown = await guarded
        .signIn('captcha@b.example', PASSWORD, { ip: '198.51.100.1' })
        .catch((error: unknown) => error);
      expect(isAppError(refused, 'auth.captcha_required') && refused.details).toEqual({ vendor: 'turnstile' });
      const wrong = [
        { response: 'wrong' },
        { response: '' },
        { ...solved, vendor: 'hcaptcha' },
        { bypass: true },
      ] as const;
      for (const answer of wrong) {
        expect(await codeOf(guarded.signIn('captcha@b.example', PASSWORD, { captcha: answer }))).toBe(
          'auth.captcha_required',
        );
      }
      await guarded.signIn('captcha@b.example', PASSWORD, { captcha: solved });
      expect(outcomes().slice(3)).toEqual([...Array<string>(5).fill('captcha_required'), 'succeeded']);
    });

    it('asks also for an account that there is not, and after failures of many accounts from one address', async () => {
      for (let count = 0; count < 3; count += 1) await codeOf(guarded.signIn('ghost@b.example', WRONG));
      expect(await codeOf(guarded.signIn('ghost@b.example', WRONG))).toBe('auth.captcha_required');
      for (let count = 0; count < 20; count += 1)
        await codeOf(guarded.signIn(`g${count}@b.example`, WRONG, { ip: '198.51.100.3' }));
      expect(await codeOf(guarded.signIn('captcha@b.example', PASSWORD, { ip: '198.51.100.3' }))).toBe(
        'auth.captcha_required',
      );
    });

    it('locks nobody out by attempts without one: they are given back', async () => {
      await failThrice();
      for (let count = 0; count < 50; count += 1)
        await codeOf(guarded.signIn('captcha@b.example', WRONG, { captcha: { response: 'wrong' } }));
      await guarded.signIn('captcha@b.example', PASSWORD, { captcha: solved });
    });

    it('charges wrong answers to the address, which has the vendor asked so often and no more', async () => {
      let asked = 0;
      const counting: Captcha = { vendor: 'turnstile', passes: async () => (asked += 1) < 0 };
      const few = identity.with({
        captcha: { captcha: counting, isTrusted: () => false },
        limits: { address: { attempts: 8, periodMs: 60_000 } },
      });
      const codes = [];
      for (let count = 0; count < 10; count += 1)
        codes.push(await codeOf(few.signIn('wrong-answers@b.example', WRONG, { captcha: { response: 'wrong' } })));
      expect([asked, codes.slice(-2)]).toEqual([5, ['auth.rate_limited', 'auth.rate_limited']]);
    });

    it('C11 takes bypass_captcha from a trusted workload alone, and records each use', async () => {
      await failThrice();
      const bypass = { captcha: { bypass: true } };
      expect(await codeOf(guarded.signIn('captcha@b.example', PASSWORD, bypass))).toBe('auth.captcha_required');
      await guarded.signIn('captcha@b.example', PASSWORD, { ...bypass, ip: '203.0.113.9' });
      expect(world.records.at(-1)).toMatchObject({ outcome: 'succeeded', captcha: 'bypassed', ip: '203.0.113.9' });
    });
  });
});
