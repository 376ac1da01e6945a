import { isAppError, requestId, Secret, userId, workspaceId, type UserId } from '@latchkey/kernel';
import type { Caller } from './application/caller';
import type { Role } from '@latchkey/contracts';
import { RESET_LIFE_MS } from './application/request-password-reset.handler';
import { decideUser } from './domain/user/decide';
import { address, codeOf, SignInWorld, type SignInProcess } from './testing/sign-in-world';

const PASSWORD = 'correct horse battery staple';
const NEXT = 'seven quiet rivers bend';
const seen = { ip: '192.0.2.1', userAgent: 'test' };

describe('a password', () => {
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
  const someone = async (roles?: Readonly<Record<string, Role>>) => {
    const email = `user-${(count += 1)}@b.example`;
    return { email, id: await world.register(identity, email, PASSWORD, roles) };
  };
  const callerOf = (id: UserId): Caller => ({
    userId: id,
    workspaceId: workspaceId('w1'),
    credentialId: 'session',
    keyScopes: null,
    requestId: requestId('test'),
  });
  const change = (id: UserId, current: string, next: string, on = identity) =>
    on.change.execute({ current: new Secret(current), next: new Secret(next), seen }, callerOf(id));
  const generationOf = async (id: UserId) => {
    const user = await identity.parts.users.load(id);
    return user.status === 'Active' ? user.sessionGeneration : null;
  };
  const lastToken = (): Secret => {
    const tokens = world.mails.flatMap(({ values }) => ('token' in values ? [values.token] : []));
    const token = tokens.at(-1);
    if (!token) throw new Error('no token was mailed');
    return token;
  };
  const eventsOf = async (id: UserId) =>
    (await identity.parts.events.readStream(id)).map(({ type, data }) => [type, data]);

  describe('that is changed', () => {
    it('needs the old one, ends all sessions before the answer, and answers a new one', async () => {
      const { email, id } = await someone();
      const before = await identity.signIn(email, PASSWORD);
      expect(await codeOf(change(id, NEXT, NEXT))).toBe('password.wrong');
      expect(await generationOf(id)).toBe(0);
      const grant = await change(id, PASSWORD, NEXT);
      expect(grant.token.reveal()).toMatch(/^eyJ/);
      expect(await generationOf(id)).toBe(1);
      expect(world.settled).toContainEqual(expect.objectContaining({ kind: 'user', id }));
      const generations = await identity.dataSource.query<{ session_id: string; generation: number }[]>(
        'SELECT session_id, generation FROM session WHERE user_id = $1 ORDER BY generation',
        [id],
      );
      const former = before.kind === 'signed_in' && before.session.sessionId;
      expect(generations).toEqual([
        { session_id: former, generation: 0 },
        { session_id: grant.sessionId, generation: 1 },
      ]);
      expect(await codeOf(identity.signIn(email, PASSWORD))).toBe('auth.unauthorized');
      await identity.signIn(email, NEXT);
    });

    it('is refused when it is short, common or about the account, by the field that it came in', async () => {
      const { email, id } = await someone();
      const [localPart] = email.split('@');
      for (const next of ['short', 'password1234', `${localPart}!!`, '1qaz2wsx3edc']) {
        const error: unknown = await change(id, PASSWORD, next).catch((thrown: unknown) => thrown);
        expect(isAppError(error, 'password.refused') && error.field).toBe('new_password');
        expect(isAppError(error) && error.public).not.toContain(next);
      }
      await identity.signIn(email, PASSWORD);
    });

    it('is changed by one of two at once: the other one did not know the password any more', async () => {
      const { email, id } = await someone();
      const codes = await Promise.all([codeOf(change(id, PASSWORD, NEXT)), codeOf(change(id, PASSWORD, `${NEXT} 2`))]);
      expect(codes.filter((code) => code === null)).toHaveLength(1);
      expect(await generationOf(id)).toBe(1);
      const works = await Promise.all([NEXT, `${NEXT} 2`].map((next) => codeOf(identity.signIn(email, next))));
      expect(works.map((code) => code === null)).toEqual(codes.map((code) => code === null));
    });

    it('cannot be found out by who has a session of somebody else, and who tries locks nobody out of signing in', async () => {
      const { email, id } = await someone();
      const limited = identity.with({ limits: { own_password: { attempts: 3, periodMs: 60_000 } } });
      for (let tries = 0; tries < 3; tries += 1) await codeOf(change(id, NEXT, NEXT, limited));
      expect(await codeOf(change(id, PASSWORD, NEXT, limited))).toBe('auth.rate_limited');
      await limited.signIn(email, PASSWORD);
      await limited.aside.done();
      expect(world.mails).toMatchObject([{ to: { canonical: email }, template: 'account_locked' }]);
      expect((await eventsOf(id)).map(([type]) => type)).toContain('latchkey.user.account_locked.v1');
    });

    it('can be changed while strangers keep the account locked', async () => {
      const { email, id } = await someone();
      const limited = identity.with({ limits: { account: { attempts: 3, periodMs: 60_000 } } });
      for (let tries = 0; tries < 3; tries += 1) await codeOf(limited.signIn(email, NEXT));
      expect(await codeOf(limited.signIn(email, PASSWORD))).toBe('auth.rate_limited');
      await change(id, PASSWORD, NEXT, limited);
    });

    it('cannot be changed for somebody who was erased', async () => {
      const { id } = await someone();
      await identity.parts.users.write({
        userId: id,
        decide: (state) => decideUser({ type: 'EraseUser', now: world.clock.now() }, state),
        meta: { actorId: id, workspaceId: 'w1', requestId: 'test', at: world.clock.now() },
      });
      expect(await codeOf(change(id, PASSWORD, NEXT))).toBe('session.ended');
      expect(await codeOf(change(userId('nobody'), PASSWORD, NEXT))).toBe('session.ended');
    });
  });

  describe('that is forgotten', () => {
    const ask = async (email: string, ip = '192.0.2.1', on = identity) => {
      await on.requestReset.execute(address(email), ip);
      await on.aside.done();
    };
    const confirm = (token: Secret, next = NEXT, on = identity) =>
      on.confirmReset.execute({ token, password: new Secret(next), ip: '192.0.2.1', requestId: requestId('test') });

    it('is set anew by the link in a mail, which ends all sessions and opens none', async () => {
      const { email, id } = await someone();
      await identity.signIn(email, PASSWORD);
      await ask(email.toUpperCase());
      expect(world.mails).toMatchObject([
        {
          to: { canonical: email },
          template: 'password_reset',
          values: { expiresAt: new Date(world.clock.now().getTime() + RESET_LIFE_MS) },
        },
      ]);
      await confirm(lastToken());
      expect(world.mails.at(-1)).toMatchObject({ to: { canonical: email }, template: 'password_changed' });
      expect(await generationOf(id)).toBe(1);
      expect(world.settled).toContainEqual(expect.objectContaining({ kind: 'user', id }));
      expect(await codeOf(identity.signIn(email, PASSWORD))).toBe('auth.unauthorized');
      await identity.signIn(email, NEXT);
      expect(await identity.parts.contacts.find(id)).toMatchObject({ emailVerifiedAt: world.clock.now() });
    });

    it('leaves second factors as they are', async () => {
      const { email, id } = await someone();
      await identity.parts.users.write({
        userId: id,
        decide: (state) => decideUser({ type: 'EnrolMfa', method: 'totp', now: world.clock.now() }, state),
        meta: { actorId: id, workspaceId: 'w1', requestId: 'test', at: world.clock.now() },
      });
      await ask(email);
      await confirm(lastToken());
      expect(await identity.parts.users.load(id)).toMatchObject({ mfa: ['totp'] });
    });

    it('answers the same for an address without an account, and mails nothing', async () => {
      await ask('nobody-at-all@b.example');
      expect(world.mails).toEqual([]);
    });

    it('is reset by the latest link alone, once, within its hour, and not after the password was changed', async () => {
      const { email, id } = await someone();
      await ask(email);
      const first = lastToken();
      await ask(email);
      expect(await codeOf(confirm(first))).toBe('password.reset_ended');
      await confirm(lastToken());
      expect(await codeOf(confirm(lastToken()))).toBe('password.reset_ended');
      await ask(email);
      world.clock.advance(RESET_LIFE_MS);
      expect(await codeOf(confirm(lastToken()))).toBe('password.reset_ended');
      await ask(email);
      await change(id, NEXT, PASSWORD);
      expect(await codeOf(confirm(lastToken()))).toBe('password.reset_ended');
      expect(await codeOf(confirm(new Secret('made up')))).toBe('password.reset_ended');
    });

    it('keeps the link when the new password is refused', async () => {
      const { email } = await someone();
      await ask(email);
      expect(await codeOf(confirm(lastToken(), 'short'))).toBe('password.refused');
      await confirm(lastToken());
    });

    /** How many of ten that use one link at once succeed. */
    async function winners(on: SignInProcess): Promise<number> {
      const { email } = await someone();
      await ask(email);
      const token = lastToken();
      const codes = await Promise.all(
        Array.from({ length: 10 }, (_, index) => codeOf(confirm(token, `${NEXT} ${index}`, on))),
      );
      expect(
        codes.filter((code) => code !== null && code !== 'password.reset_ended' && code !== 'stream.version_conflict'),
      ).toEqual([]);
      return codes.filter((code) => code === null).length;
    }

    it('is reset by one of ten who use the link at once', async () => {
      expect(await winners(identity)).toBe(1);
    });

    it('would be reset by more if using the link were only looking at it: that is what taking it away is for', async () => {
      const careless = identity.with({
        resets: (inner) => ({
          begin: (reset) => inner.begin(reset),
          find: (token, now) => inner.find(token, now),
          use: async () => true,
        }),
      });
      expect(await winners(careless)).toBeGreaterThan(1);
    });

    it('is mailed no more often than the budget has, and the refusal tells nothing of the account', async () => {
      const { email } = await someone();
      const limited = identity.with({ limits: { reset_account: { attempts: 2, periodMs: 60_000 } } });
      for (const each of [email, 'nobody-else@b.example']) {
        const codes = [];
        for (let tries = 0; tries < 3; tries += 1) codes.push(await codeOf(ask(each, '192.0.2.1', limited)));
        expect(codes).toEqual([null, null, 'auth.rate_limited']);
      }
      expect(world.mails).toHaveLength(2);
    });

    it('has a password hashed no more often than the address may fail, whatever comes of it', async () => {
      const { email } = await someone();
      const limited = identity.with({
        limits: { address: { attempts: 3, periodMs: 60_000 } },
        hasher: (inner) => ({
          hash: () => Promise.reject(new Error('full')),
          verify: (hash, password) => inner.verify(hash, password),
        }),
      });
      await ask(email, '192.0.2.1', limited);
      const token = lastToken();
      for (let tries = 0; tries < 3; tries += 1) await expect(confirm(token, NEXT, limited)).rejects.toThrow('full');
      expect(await codeOf(confirm(token, NEXT, limited))).toBe('auth.rate_limited');
      world.clock.advance(60_000);
      const able = identity.with({ limits: { address: { attempts: 1, periodMs: 60_000 } } });
      await confirm(token, NEXT, able);
      expect(await codeOf(confirm(token, NEXT, able))).toBe('password.reset_ended');
    });

    it('opens an account again that was locked', async () => {
      const { email } = await someone();
      const limited = identity.with({ limits: { account: { attempts: 3, periodMs: 3_600_000 } } });
      for (let tries = 0; tries < 4; tries += 1) await codeOf(limited.signIn(email, 'wrong horse'));
      expect(await codeOf(limited.signIn(email, PASSWORD))).toBe('auth.rate_limited');
      await ask(email, '192.0.2.1', limited);
      await confirm(lastToken(), NEXT, limited);
      await limited.signIn(email, NEXT);
    });
  });

  it('is in no event, and neither are links and addresses', async () => {
    const { email, id } = await someone();
    await identity.requestReset.execute(address(email), undefined);
    await identity.aside.done();
    const events = JSON.stringify(await eventsOf(id));
    const [localPart = ''] = email.split('@');
    for (const secret of [PASSWORD, localPart, 'argon2', '192.0.2']) expect(events).not.toContain(secret);
    const rows = await identity.dataSource.query<object[]>(
      `SELECT encode(token_sha256, 'hex') FROM password_reset WHERE user_id = $1`,
      [id],
    );
    expect(JSON.stringify(rows)).not.toContain(lastToken().reveal());
  });
});
