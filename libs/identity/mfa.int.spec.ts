import { Secret, workspaceId } from '@latchkey/kernel';
import { ENROLMENT_LIFE_MS } from './application/begin-mfa.handler';
import { CHALLENGE_LIFE_MS } from './application/user-mfa-challenges';
import type { UserCommand } from './domain/user/commands';
import { decideUser } from './domain/user/decide';
import { appCode, SecondFactorUser, STEP_MS, wrongCode } from './testing/second-factors';
import { codeOf, SignInWorld, type SignInProcess } from './testing/sign-in-world';

const PASSWORD = 'correct horse battery staple';

describe('a second factor', () => {
  let world: SignInWorld;
  let identity: SignInProcess;
  beforeAll(async () => {
    world = await SignInWorld.start();
    identity = await world.process();
  });
  beforeEach(() => world.reset(identity));
  afterAll(async () => {
    await identity.aside.done();
    await world.stop();
    expect(world.failedAside).toEqual([]);
  });

  let count = 0;
  const emailOf = (number: number) => `user-${number}@b.example`;
  const someone = async () => {
    const id = await world.register(identity, emailOf((count += 1)), PASSWORD);
    return new SecondFactorUser(world, identity, id, PASSWORD);
  };
  const now = () => world.clock.now();
  const stateOf = async ({ userId }: SecondFactorUser) => {
    const user = await identity.parts.users.load(userId);
    if (user.status !== 'Active') throw new Error(user.status);
    return user;
  };
  const decided = ({ userId }: SecondFactorUser, command: UserCommand) =>
    identity.parts.users.write({
      userId,
      decide: (state) => decideUser(command, state),
      meta: { actorId: userId, workspaceId: 'w1', requestId: 'test', at: now() },
    });
  const secondFactorOf = async (sessionId: string) => {
    const [row] = await identity.dataSource.query<{ second_factor: boolean }[]>(
      'SELECT second_factor FROM session WHERE session_id = $1',
      [sessionId],
    );
    return row?.second_factor;
  };
  const rowsOf = (table: string, { userId }: SecondFactorUser) =>
    identity.dataSource.query<object[]>(`SELECT FROM ${table} WHERE user_id = $1`, [userId]);

  describe('that is enrolled', () => {
    it('is there with its first code; all sessions end before the answer, which has a new one', async () => {
      const user = await someone();
      const { seed, uri, qr } = await identity.mfa.begin.totpApp(user.proof(), user.caller);
      expect(uri.reveal()).toContain(`secret=${seed.reveal()}`);
      expect(qr.reveal()).toMatch(/^data:image\/png;base64,/);
      expect((await stateOf(user)).mfa).toEqual([]);
      const { session, recoveryCodes } = await user.confirm('totp', appCode(seed, now()));
      expect(await stateOf(user)).toMatchObject({ mfa: ['totp'], recoveryCodes: 10, sessionGeneration: 1 });
      expect(world.settled).toContainEqual(expect.objectContaining({ kind: 'user', id: user.userId }));
      expect(await secondFactorOf(session.sessionId)).toBe(true);
      expect(new Set(recoveryCodes?.map((code) => code.reveal())).size).toBe(10);
      expect(world.mails).toMatchObject([
        { template: 'second_factor_changed', values: { change: 'enrolled', method: 'totp' } },
      ]);
    });

    it('needs the password, whose attempts are charged', async () => {
      const user = await someone();
      const { begin } = identity.mfa;
      const guess = () => codeOf(begin.totpApp(user.proof('wrong horse battery staple'), user.caller));
      for (let attempt = 0; attempt < 10; attempt += 1) expect(await guess()).toBe('password.wrong');
      expect(await codeOf(begin.email(user.proof(), user.caller))).toBe('auth.rate_limited');
      expect(await rowsOf('mfa_enrolment', user)).toEqual([]);
    });

    it('is the one that was begun last', async () => {
      const user = await someone();
      const [first, second] = [await user.begunTotp(), await user.begunTotp()];
      expect(await codeOf(user.confirm('totp', appCode(first, now())))).toBe('mfa.wrong_code');
      await user.confirm('totp', appCode(second, now()));
      expect(await codeOf(user.begunTotp())).toBe('mfa.already_enrolled');
      expect(await codeOf(user.confirm('totp', appCode(second, now())))).toBe('mfa.enrolment_ended');
    });

    it('is one of ten who confirm it at once, with as many recovery codes as were shown', async () => {
      const user = await someone();
      const code = appCode(await user.begunTotp(), now());
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => codeOf(user.confirm('totp', code))));
      expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1);
      expect(await stateOf(user)).toMatchObject({ mfa: ['totp'], recoveryCodes: 10 });
      expect(await rowsOf('recovery_code', user)).toHaveLength(10);
    });

    it('is not one when its time is over, the password has changed, or five codes were wrong', async () => {
      const user = await someone();
      const late = await user.begunTotp();
      world.clock.advance(ENROLMENT_LIFE_MS);
      expect(await codeOf(user.confirm('totp', appCode(late, now())))).toBe('mfa.enrolment_ended');

      const overtaken = await user.begunTotp();
      await decided(user, { type: 'ChangePassword', how: 'reset', now: now() });
      expect(await codeOf(user.confirm('totp', appCode(overtaken, now())))).toBe('mfa.enrolment_ended');

      const guessed = appCode(await user.begunTotp(), now());
      for (let attempt = 0; attempt < 5; attempt += 1)
        expect(await codeOf(user.confirm('totp', wrongCode(guessed)))).toBe('mfa.wrong_code');
      expect(await codeOf(user.confirm('totp', guessed))).toBe('mfa.enrolment_ended');
      expect((await stateOf(user)).mfa).toEqual([]);
    });

    it('is a mailed code too, which proves the address; recovery codes that there are stay', async () => {
      const user = await someone();
      await user.enrolTotp();
      const { recoveryCodes } = await user.enrolEmail();
      expect(recoveryCodes).toBeNull();
      expect((await stateOf(user)).mfa).toEqual(['totp', 'email']);
      expect((await identity.parts.contacts.find(user.userId))?.emailVerifiedAt).toEqual(now());
    });

    it('goes with the password, and with the last one the recovery codes go', async () => {
      const user = await someone();
      await user.enrolTotp();
      await user.enrolEmail();
      const { disable } = identity.mfa;
      expect(await codeOf(disable.execute('totp', user.proof('wrong horse battery staple'), user.caller))).toBe(
        'password.wrong',
      );
      const one = await disable.execute('totp', user.proof(), user.caller);
      expect(await secondFactorOf(one.sessionId)).toBe(true);
      expect(await rowsOf('totp', user)).toEqual([]);
      expect(await rowsOf('recovery_code', user)).toHaveLength(10);
      const none = await disable.execute('email', user.proof(), user.caller);
      expect(await secondFactorOf(none.sessionId)).toBe(false);
      expect(await rowsOf('recovery_code', user)).toEqual([]);
      expect(await stateOf(user)).toMatchObject({ mfa: [], recoveryCodes: 0, sessionGeneration: 4 });
      expect(await codeOf(disable.execute('email', user.proof(), user.caller))).toBe('mfa.not_enrolled');
      expect((await identity.signIn(emailOf(count), PASSWORD)).kind).toBe('signed_in');
    });
  });

  describe('that is shown', () => {
    it('opens a session that has shown it, where the user wanted to go, and uses the challenge up', async () => {
      const user = await someone();
      const { seed } = await user.enrolTotp();
      world.records.length = 0;
      const signedIn = await identity.signIn(emailOf(count), PASSWORD);
      if (signedIn.kind !== 'mfa_required') throw new Error(signedIn.kind);
      const { token, methods } = signedIn.challenge;
      expect(token.reveal()).toMatch(/^mfa_temp_[\w-]{43}$/);
      expect(methods).toEqual(['totp']);
      const { session, entry, contact } = await user.answer(token, appCode(seed, now()));
      expect([entry, contact.userId]).toEqual([{ workspaceId: 'w1', role: 'admin' }, user.userId]);
      expect(await secondFactorOf(session.sessionId)).toBe(true);
      world.clock.advance(STEP_MS);
      expect(await codeOf(user.answer(token, appCode(seed, now())))).toBe('mfa.challenge_ended');
      expect(world.records.map(({ outcome, method }) => [outcome, method])).toEqual([
        ['second_factor_required', 'password'],
        ['succeeded', 'totp'],
        ['challenge_ended', 'totp'],
      ]);
    });

    it('is an app’s code once, and none before it, in every process and after a restart', async () => {
      const user = await someone();
      const { seed } = await user.enrolTotp();
      const [before, code] = [appCode(seed, now()), appCode(seed, new Date(now().getTime() + STEP_MS))];
      world.clock.advance(STEP_MS);
      await user.answer(await user.challenge(), code);
      const restarted = user.in(await world.process());
      for (const spent of [code, before])
        expect(await codeOf(restarted.answer(await restarted.challenge(), spent))).toBe('auth.unauthorized');
      // It would be the same step of another seed.
      await identity.mfa.disable.execute('totp', user.proof(), user.caller);
      const other = await user.begunTotp();
      expect(await codeOf(user.confirm('totp', appCode(other, now())))).toBe('mfa.wrong_code');
    });

    it('is a mailed code of its own challenge alone', async () => {
      const user = await someone();
      await user.enrolEmail();
      const [first, firstCode] = [await user.challenge(), user.mailedCode()];
      const [second, secondCode] = [await user.challenge(), user.mailedCode()];
      if (firstCode.reveal() !== secondCode.reveal())
        expect(await codeOf(user.answer(first, secondCode, 'email'))).toBe('auth.unauthorized');
      expect(await codeOf(user.answer(first, firstCode, 'totp'))).toBe('auth.unauthorized');
      await user.answer(first, firstCode, 'email');
      await user.answer(second, secondCode, 'email');
    });

    it('is a recovery code once, however it is typed', async () => {
      const user = await someone();
      const { recoveryCodes } = await user.enrolTotp();
      const [code = new Secret(''), another = new Secret('')] = recoveryCodes ?? [];
      const typed = new Secret(code.reveal().toLowerCase().replaceAll('-', ''));
      await user.answer(await user.challenge(), typed, 'recovery_code');
      expect((await stateOf(user)).recoveryCodes).toBe(9);
      expect(await codeOf(user.answer(await user.challenge(), code, 'recovery_code'))).toBe('auth.unauthorized');
      const fresh = await identity.mfa.issueRecoveryCodes.execute(user.proof(), user.caller);
      expect(await codeOf(user.answer(await user.challenge(), another, 'recovery_code'))).toBe('auth.unauthorized');
      await user.answer(await user.challenge(), fresh[0] ?? code, 'recovery_code');
      expect(await stateOf(user)).toMatchObject({ recoveryCodes: 9, sessionGeneration: 1 });
    });

    it('has no recovery codes where there is nothing that they stand in for', async () => {
      const user = await someone();
      expect(await codeOf(identity.mfa.issueRecoveryCodes.execute(user.proof(), user.caller))).toBe('mfa.not_enrolled');
    });

    it('comes too late after five minutes, after a change of the password, and for who has no role any more', async () => {
      const user = await someone();
      const { seed } = await user.enrolTotp();
      const late = await user.challenge();
      world.clock.advance(CHALLENGE_LIFE_MS);
      expect(await codeOf(user.answer(late, appCode(seed, now())))).toBe('mfa.challenge_ended');
      const overtaken = await user.challenge();
      await decided(user, { type: 'ChangePassword', how: 'reset', now: now() });
      expect(await codeOf(user.answer(overtaken, appCode(seed, now())))).toBe('mfa.challenge_ended');
      const removed = await user.challenge();
      await decided(user, { type: 'RemoveMember', workspaceId: workspaceId('w1'), now: now() });
      expect(await codeOf(user.answer(removed, appCode(seed, now())))).toBe('mfa.challenge_ended');
    });
  });

  it('is in no event and no table as it was shown', async () => {
    const user = await someone();
    const { seed, recoveryCodes } = await user.enrolTotp();
    await user.enrolEmail();
    const token = await user.challenge();
    await user.begunTotp().catch(() => null);
    const secrets = [seed, token, ...(recoveryCodes ?? [])].map((secret) => secret.reveal());
    const tables = await identity.dataSource.query<{ table_name: string }[]>(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'identity'`,
    );
    for (const { table_name: table } of tables) {
      const rows = await identity.dataSource.query<{ row: string }[]>(
        table === 'events'
          ? `SELECT convert_from(data, 'UTF8') AS row FROM events`
          : `SELECT t::text AS row FROM "${table}" AS t`,
      );
      const text = rows.map(({ row }) => row).join('\n');
      for (const secret of secrets) {
        expect(text).not.toContain(secret);
        expect(text).not.toContain(Buffer.from(secret).toString('hex'));
      }
    }
  });
});
