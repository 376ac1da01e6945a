import { requestId, Secret, userId, type UserId } from '@latchkey/kernel';
import type { ChangedSubject } from '@latchkey/live-state';
import { removeSecondFactorsHandler } from './remove-second-factors';
import { MASTER_KEY } from './testing/identity-database';
import { address, codeOf, SignInWorld, type SignInProcess } from './testing/sign-in-world';
import { appCode, SecondFactorUser, STEP_MS } from './testing/second-factors';

const PASSWORD = 'correct horse battery staple';
const NEXT = 'seven quiet rivers bend';
const NEVER_MAILED = new Secret('123456');

describe('a mailbox is one proof', () => {
  let world: SignInWorld;
  let identity: SignInProcess;
  beforeAll(async () => {
    world = await SignInWorld.start();
    identity = await world.process();
  });
  beforeEach(() => world.reset(identity));
  afterAll(async () => {
    await world.stop();
    expect(world.failedAside).toEqual([]);
  });

  let count = 0;
  const email = () => `mailbox-${count}@b.example`;
  const someone = async () => {
    count += 1;
    return new SecondFactorUser(world, identity, await world.register(identity, email(), PASSWORD), PASSWORD);
  };
  /** By who reads the mails. */
  const resetByMail = async () => {
    await identity.requestReset.execute(address(email()), '192.0.2.1');
    await identity.aside.done();
    const mail = world.mails.findLast(({ template }) => template === 'password_reset');
    if (mail?.template !== 'password_reset') throw new Error('no link was mailed');
    const { token } = mail.values;
    await identity.confirmReset.execute({
      ...{ token, password: new Secret(NEXT), ip: '192.0.2.1', requestId: requestId('test') },
    });
  };
  const begin = async () => {
    const signedIn = await identity.signIn(email(), NEXT);
    if (signedIn.kind !== 'mfa_required') throw new Error(signedIn.kind);
    return signedIn.challenge;
  };
  const codesMailed = () => world.mails.filter(({ template }) => template === 'email_code').length;

  it('who has set the password by a mail is mailed no code, and none is taken', async () => {
    const user = await someone();
    await user.enrolEmail();
    const before = codesMailed();
    await resetByMail();
    const { token, methods } = await begin();
    expect([methods, codesMailed()]).toEqual([[], before]);
    expect(await codeOf(user.answer(token, NEVER_MAILED, 'email'))).toBe('auth.unauthorized');
  });

  it('a recovery code is another proof: from then on codes are mailed as before', async () => {
    const user = await someone();
    const { recoveryCodes } = await user.enrolEmail();
    await resetByMail();
    await user.answer((await begin()).token, recoveryCodes?.[0] ?? NEVER_MAILED, 'recovery_code');
    const { token, methods } = await begin();
    expect(methods).toEqual(['email']);
    await user.answer(token, user.mailedCode(), 'email');
  });

  it('a code of an app is another proof, also for who has both', async () => {
    const user = await someone();
    const { seed } = await user.enrolTotp();
    await user.enrolEmail();
    await resetByMail();
    const { token, methods } = await begin();
    expect(methods).toEqual(['totp']);
    await user.answer(token, appCode(seed, world.clock.now()));
    expect((await begin()).methods).toEqual(['totp', 'email']);
  });

  it('of a hundred who show that code at once, to many logins, one gets in', async () => {
    const user = await someone();
    const { seed } = await user.enrolTotp();
    await user.enrolEmail();
    await resetByMail();
    const many = { attempts: 1_000, periodMs: 60_000 };
    const unbounded = user.in(
      identity.with({ limits: { second_factor: many, second_factor_day: many, address: many } }),
    );
    const tokens = await Promise.all(Array.from({ length: 20 }, () => user.challenge()));
    const code = appCode(seed, world.clock.now());
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, each) => codeOf(unbounded.answer(tokens[each % 20] ?? NEVER_MAILED, code))),
    );
    expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1);
  });

  it('a password that is changed by who is signed in suspends nothing, nor does a reset without second factors', async () => {
    const user = await someone();
    await resetByMail();
    expect((await identity.signIn(email(), NEXT)).kind).toBe('signed_in');
    world.clock.advance(STEP_MS);
    const owner = new SecondFactorUser(world, identity, user.userId, NEXT);
    await owner.enrolEmail();
    expect((await begin()).methods).toEqual(['email']);
  });

  describe('and who has lost all other proofs', () => {
    const settlement = { settle: async (changed: readonly ChangedSubject[]) => void world.settled.push(...changed) };
    const remove = (id: UserId) => removeSecondFactorsHandler(identity.dataSource, MASTER_KEY, settlement).execute(id);
    beforeEach(() => identity.dataSource.query('TRUNCATE mail_outbox'));

    it('signs in with the password alone once an operator has removed them; sessions end, and a mail says so', async () => {
      const user = await someone();
      await user.enrolTotp();
      await user.enrolEmail();
      await resetByMail();
      await remove(user.userId);
      expect(await identity.dataSource.query('SELECT template FROM mail_outbox')).toEqual([
        { template: 'second_factor_changed' },
        { template: 'second_factor_changed' },
      ]);
      expect(world.settled.at(-1)).toMatchObject({ kind: 'user', id: user.userId });
      expect((await identity.signIn(email(), NEXT)).kind).toBe('signed_in');
      const kept = await identity.dataSource.query<object[]>(
        'SELECT user_id FROM totp WHERE user_id = $1 UNION ALL SELECT user_id FROM recovery_code WHERE user_id = $1',
        [user.userId],
      );
      expect(kept).toEqual([]);
    });

    it('is somebody known; who has none loses none', async () => {
      const user = await someone();
      await remove(user.userId);
      expect(await identity.dataSource.query('SELECT FROM mail_outbox')).toEqual([]);
      expect((await identity.signIn(email(), PASSWORD)).kind).toBe('signed_in');
      expect(await codeOf(remove(userId('nobody')))).toBe('user.not_found');
    });
  });
});
