import { isAppError, type UserId } from '@latchkey/kernel';
import type { UserCommand } from './domain/user/commands';
import { decideUser } from './domain/user/decide';
import { codeOf, SignInWorld, type SignInProcess } from './testing/sign-in-world';

const PASSWORD = 'correct horse battery staple';
const WRONG = 'wrong horse battery staple';

/** The same port, which writes down what it is asked for. */
const logged = <Port extends object>(port: Port, done: string[]): Port =>
  new Proxy(port, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...parameters: unknown[]) => {
        done.push(String(name));
        return Reflect.apply(member, target, parameters) as unknown;
      };
    },
  });

describe('signing in', () => {
  let world: SignInWorld;
  let identity: SignInProcess;
  beforeAll(async () => {
    world = await SignInWorld.start();
    identity = await world.process();
  });
  beforeEach(() => world.reset(identity));
  afterAll(() => world.stop());

  const outcomes = () => world.records.map(({ outcome }) => outcome);
  const sessionsOf = (id: UserId) =>
    identity.dataSource.query<object[]>('SELECT session_id, second_factor FROM session WHERE user_id = $1', [id]);
  const decided = (userId: UserId, command: UserCommand) =>
    identity.parts.users.write({
      userId,
      decide: (state) => decideUser(command, state),
      meta: { actorId: userId, workspaceId: 'w1', requestId: 'test', at: world.clock.now() },
    });

  it('opens a session in the workspace where the user was last, whatever the spelling of the address', async () => {
    const id = await world.register(identity, 'Zoë@Example.COM', PASSWORD, { w1: 'member', w2: 'auditor' });
    await identity.dataSource.query('UPDATE user_contact SET last_workspace_id = $2 WHERE user_id = $1', [id, 'w2']);
    const signedIn = await identity.signIn(' zoe\u0308@EXAMPLE.com', PASSWORD);
    if (signedIn.kind !== 'signed_in') throw new Error(signedIn.kind);
    expect(signedIn.entry).toEqual({ workspaceId: 'w2', role: 'auditor' });
    expect(signedIn.contact).toMatchObject({
      userId: id,
      email: 'Zoë@Example.COM',
      number: expect.any(Number) as number,
    });
    expect(signedIn.session.token.reveal()).toMatch(/^eyJhbGciOiJIUzI1NiIs/);
    expect(await sessionsOf(id)).toEqual([{ session_id: signedIn.session.sessionId, second_factor: false }]);
    expect(world.records).toMatchObject([
      { outcome: 'succeeded', userId: id, workspaceId: 'w2', ip: '192.0.2.1', userAgent: 'test', captcha: 'not_asked' },
    ]);
  });

  it('tells nobody why it failed, and the record all of it', async () => {
    const id = await world.register(identity, 'anna@b.example', PASSWORD);
    const gone = await world.register(identity, 'gone@b.example', PASSWORD, {});
    const tries = [
      ['anna@b.example', WRONG],
      ['nobody@b.example', PASSWORD],
      ['gone@b.example', PASSWORD],
    ] as const;
    const errors: unknown[] = [];
    for (const [email, password] of tries) {
      errors.push(await identity.signIn(email, password).catch((error: unknown) => error));
    }
    const told = errors.map(
      (error) => isAppError(error) && { code: error.code, public: error.public, details: error.details },
    );
    expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(told[0]).toMatchObject({ code: 'auth.unauthorized' });
    expect(world.records.map(({ outcome, userId }) => [outcome, userId])).toEqual([
      ['wrong_password', id],
      ['no_such_account', null],
      ['no_workspace', gone],
    ]);
  });

  it('does the same work for an account that there is and one that there is not', async () => {
    await world.register(identity, 'work@b.example', PASSWORD);
    const workFor = async (email: string) => {
      const done: string[] = [];
      const counted = identity.with({
        hasher: (inner) => logged(inner, done),
        budgets: (inner) => logged(inner, done),
        users: (inner) => logged(inner, done),
      });
      expect(await codeOf(counted.signIn(email, WRONG))).toBe('auth.unauthorized');
      return done;
    };
    const work = await workFor('work@b.example');
    expect(work).toEqual(['charge', 'load', 'verify', 'giveBack']);
    expect(await workFor('nobody-at-all@b.example')).toEqual(work);
  });

  it('asks for a second factor where there is one, and opens no session before', async () => {
    const id = await world.register(identity, 'mfa@b.example', PASSWORD);
    await decided(id, { type: 'EnrolMfa', method: 'totp', now: world.clock.now() });
    expect(await identity.signIn('mfa@b.example', PASSWORD)).toMatchObject({
      kind: 'mfa_required',
      challenge: { methods: ['totp'] },
    });
    expect(await sessionsOf(id)).toEqual([]);
    expect(outcomes()).toEqual(['second_factor_required']);
  });

  it('hashes the password again when the parameters have changed since', async () => {
    const id = await world.register(identity, 'old@b.example', PASSWORD);
    const before = await identity.passwords.find(id);
    const stronger = identity.with({
      hasher: (inner) => ({
        hash: (password) => inner.hash(password),
        verify: async (hash, password) => {
          const verdict = await inner.verify(hash, password);
          return verdict.matches ? { matches: true, rehashed: await inner.hash(password) } : verdict;
        },
      }),
    });
    await stronger.signIn('old@b.example', PASSWORD);
    const after = await identity.passwords.find(id);
    expect(after?.reveal()).not.toBe(before?.reveal());
    await identity.signIn('old@b.example', PASSWORD);
  });

  it('does not open a session with a password that was changed meanwhile', async () => {
    const id = await world.register(identity, 'race@b.example', PASSWORD);
    const overtaken = identity.with({
      hasher: (inner) => ({
        hash: (password) => inner.hash(password),
        verify: async (hash, password) => {
          const verdict = await inner.verify(hash, password);
          await decided(id, { type: 'ChangePassword', how: 'reset', now: world.clock.now() });
          return verdict;
        },
      }),
    });
    expect(await codeOf(overtaken.signIn('race@b.example', PASSWORD))).toBe('auth.unauthorized');
    expect(await sessionsOf(id)).toEqual([]);
  });
});
