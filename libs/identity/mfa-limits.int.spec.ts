import { isAppError, Secret } from '@latchkey/kernel';
import type { MfaAdapters } from './mfa.providers';
import { appCode, SecondFactorUser, wrongCode } from './testing/second-factors';
import { codeOf, SignInWorld, type SignInProcess } from './testing/sign-in-world';

const PASSWORD = 'correct horse battery staple';
const MANY = { attempts: 1_000, periodMs: 60_000 };

type Changed = (inner: MfaAdapters) => Partial<MfaAdapters>;

describe('who tries second factors', () => {
  let world: SignInWorld;
  let identity: SignInProcess;
  beforeAll(async () => {
    world = await SignInWorld.start();
    identity = await world.process();
  });
  beforeEach(() => world.reset(identity));
  afterAll(() => world.stop());

  let count = 0;
  const someone = async (process = identity) => {
    const id = await world.register(process, `limited-${(count += 1)}@b.example`, PASSWORD);
    return new SecondFactorUser(world, process, id, PASSWORD);
  };
  /** Where the user's own budgets are no bound. */
  const unbounded = (mfa?: Changed) => ({
    limits: { second_factor: MANY, second_factor_day: MANY, address: MANY, code_mail: MANY },
    ...(mfa && { mfa }),
  });
  const succeeded = (outcomes: readonly (string | null)[]) => outcomes.filter((outcome) => outcome === null).length;

  describe('with the right code, a hundred times at once', () => {
    /** On two processes, to 20 challenges: how many get in. */
    async function successesOf100(mfa?: Changed): Promise<number> {
      const user = await someone(identity.with(unbounded(mfa)));
      const { seed } = await user.enrolTotp();
      const other = user.in(await world.process(unbounded(mfa)));
      const tokens = await Promise.all(Array.from({ length: 20 }, () => user.challenge()));
      const code = appCode(seed, world.clock.now());
      const outcomes = await Promise.all(
        tokens.flatMap((token) =>
          Array.from({ length: 5 }, (_, place) => codeOf((place % 2 === 0 ? user : other).answer(token, code))),
        ),
      );
      return succeeded(outcomes);
    }

    it('gets in once: one success for each time step', async () => {
      expect(await successesOf100()).toBe(1);
    });

    it('would get in more often if the step were not claimed with the session: that is what the claim is for', async () => {
      const unclaimed: Changed = ({ factors }) => ({
        factors: delegating(factors, { claimStep: async () => true }),
      });
      expect(await successesOf100(unclaimed)).toBeGreaterThan(1);
    });
  });

  describe('with wrong codes, a hundred at once', () => {
    /** How many of them are compared with the right one, for one challenge. */
    async function verifiedOf100(store: Changed = () => ({})): Promise<number> {
      let verified = 0;
      const user = await someone(
        identity.with(
          unbounded((inner) => ({
            ...store(inner),
            totp: delegating(inner.totp, {
              stepOf: (seed, code, now) => {
                verified += 1;
                return inner.totp.stepOf(seed, code, now);
              },
            }),
          })),
        ),
      );
      const { seed } = await user.enrolTotp();
      verified = 0;
      const token = await user.challenge();
      const wrong = wrongCode(appCode(seed, world.clock.now()));
      await Promise.all(Array.from({ length: 100 }, () => codeOf(user.answer(token, wrong))));
      return verified;
    }

    it('has five of them looked at', async () => {
      expect(await verifiedOf100()).toBe(5);
    });

    it('would have more looked at if the challenge were charged afterwards: that is what the order is for', async () => {
      const late: Promise<unknown>[] = [];
      const chargedLate: Changed = ({ challengeStore }) => ({
        challengeStore: delegating(challengeStore, {
          charge: async (token, now) => {
            const [row] = await identity.dataSource.query<object[]>(
              `SELECT FROM mfa_challenge WHERE token_sha256 = sha256($1::bytea) AND attempts_left > 0`,
              [Buffer.from(token.reveal())],
            );
            setImmediate(() => late.push(challengeStore.charge(token, now)));
            return row !== undefined;
          },
        }),
      });
      expect(await verifiedOf100(chargedLate)).toBeGreaterThan(5);
      await Promise.all(late);
    });
  });

  describe('with a recovery code, at many challenges at once', () => {
    async function successesOf20(mfa?: Changed): Promise<number> {
      const user = await someone(identity.with(unbounded(mfa)));
      const { recoveryCodes } = await user.enrolTotp();
      const [code = new Secret('')] = recoveryCodes ?? [];
      const tokens = await Promise.all(Array.from({ length: 20 }, () => user.challenge()));
      const outcomes = await Promise.all(tokens.map((token) => codeOf(user.answer(token, code, 'recovery_code'))));
      return succeeded(outcomes);
    }

    it('gets in once', async () => {
      expect(await successesOf20()).toBe(1);
    });

    it('would get in more often if using it were only looking at it', async () => {
      const looked: Changed = ({ factors }) => ({
        factors: delegating(factors, { useRecoveryCode: async () => true }),
      });
      expect(await successesOf20(looked)).toBeGreaterThan(1);
    });
  });

  it('has no more guesses with a new challenge: failures count for the user, and lock the account once, for every process', async () => {
    const limits = { second_factor: { attempts: 8, periodMs: 60_000 } };
    const user = await someone(identity.with({ limits }));
    const { seed } = await user.enrolTotp();
    const right = () => appCode(seed, world.clock.now());
    const outcomes: (string | null)[] = [];
    for (const guesses of [5, 5]) {
      const token = await user.challenge();
      for (let guess = 0; guess < guesses; guess += 1)
        outcomes.push(await codeOf(user.answer(token, wrongCode(right()))));
    }
    expect(outcomes).toEqual([
      ...Array<string>(8).fill('auth.unauthorized'),
      ...Array<string>(2).fill('auth.rate_limited'),
    ]);
    const refused: unknown = await user.answer(await user.challenge(), right()).catch((error: unknown) => error);
    expect(isAppError(refused, 'auth.rate_limited') && refused.retryAfterSeconds).toBe(60);
    await user.identity.aside.done();
    const events = await identity.parts.events.readStream(user.userId);
    expect(events.filter(({ type }) => type === 'latchkey.user.account_locked.v1')).toHaveLength(1);
    expect(world.records.map(({ outcome }) => outcome).slice(-2)).toEqual(['rate_limited', 'rate_limited']);

    const restarted = user.in(await world.process({ limits }));
    expect(await codeOf(restarted.answer(await restarted.challenge(), right()))).toBe('auth.rate_limited');
    world.clock.advance(60_000);
    await restarted.answer(await restarted.challenge(), right());
  });

  it('is given back what was no failure', async () => {
    const user = await someone(identity.with({ limits: { second_factor: { attempts: 2, periodMs: 3_600_000 } } }));
    const { seed } = await user.enrolTotp();
    for (let time = 0; time < 5; time += 1) {
      await user.answer(await user.challenge(), appCode(seed, world.clock.now()));
      world.clock.advance(30_000);
    }
  });

  it('is sent a few mails in an hour, and then asked for what else there is, or told when to come again', async () => {
    const user = await someone(identity.with({ limits: { code_mail: { attempts: 2, periodMs: 3_600_000 } } }));
    await user.enrolEmail();
    await user.challenge();
    expect(await codeOf(user.challenge())).toBe('auth.rate_limited');
    await user.enrolTotp();
    const signedIn = await user.identity.signIn(`limited-${count}@b.example`, PASSWORD);
    expect(signedIn).toMatchObject({ kind: 'mfa_required', challenge: { methods: ['totp'] } });
  });
});

/** The same port, but for some of its members. */
function delegating<Port extends object>(port: Port, members: Partial<Port>): Port {
  return new Proxy(port, {
    get: (target, name) => {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name) as unknown;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
