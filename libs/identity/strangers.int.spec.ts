import { requestId, Secret } from '@latchkey/kernel';
import { FAMILIAR_MS } from './application/attempts';
import { PostgresPersonalData } from './adapters/personal-data';
import { address, codeOf, SignInWorld, type SignInProcess } from './testing/sign-in-world';

const PASSWORD = 'correct horse battery staple';
const WRONG = 'wrong horse battery staple';
const HOME = '192.0.2.1';
const AWAY = '198.51.100.1';

describe('strangers', () => {
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
  const someone = async () => {
    const email = `at-home-${(count += 1)}@b.example`;
    return { email, id: await world.register(identity, email, PASSWORD) };
  };
  const confirm = (token: Secret, ip: string, on: SignInProcess) =>
    on.confirmReset.execute({ token, password: new Secret(PASSWORD), ip, requestId: requestId('test') });
  const wrongFrom = async (on: SignInProcess, email: string, times: number, ip = AWAY) => {
    for (let each = 0; each < times; each += 1) await codeOf(on.signIn(email, WRONG, { ip }));
  };

  it('who show made-up tokens of resets keep nobody from signing in', async () => {
    const limited = identity.with({ limits: { all: { attempts: 5, periodMs: 60_000 } } });
    const { email } = await someone();
    for (let each = 0; each < 10; each += 1)
      expect(await codeOf(confirm(new Secret(`made up ${each}`), `203.0.113.${each}`, limited))).toBe(
        'password.reset_ended',
      );
    await limited.signIn(email, PASSWORD);
  });

  it('who guess at many accounts keep nobody from signing in where they have done so', async () => {
    const limited = identity.with({ limits: { all: { attempts: 5, periodMs: 60_000 } } });
    const { email } = await someone();
    await limited.signIn(email, PASSWORD, { ip: HOME });
    for (let each = 0; each < 5; each += 1) await wrongFrom(limited, `g${each}@b.example`, 1, `203.0.113.${each}`);
    expect(await codeOf(limited.signIn(email, PASSWORD, { ip: AWAY }))).toBe('auth.rate_limited');
    await limited.signIn(email, PASSWORD, { ip: HOME });
  });

  describe('who lock an account', () => {
    const limits = {
      account: { attempts: 5, periodMs: 3_600_000 },
      account_address: { attempts: 5, periodMs: 60_000 },
    };
    let limited: SignInProcess;
    beforeAll(() => {
      limited = identity.with({ limits });
    });

    it('do not lock it where its user has signed in, where guesses are bounded too', async () => {
      const { email } = await someone();
      await limited.signIn(email, PASSWORD, { ip: HOME });
      await wrongFrom(limited, email, 5);
      expect(await codeOf(limited.signIn(email, PASSWORD, { ip: '198.51.100.2' }))).toBe('auth.rate_limited');
      await limited.signIn(email, PASSWORD, { ip: HOME });
      await wrongFrom(limited, email, 5, HOME);
      expect(await codeOf(limited.signIn(email, PASSWORD, { ip: HOME }))).toBe('auth.rate_limited');
    });

    it('lock it there after a month without one', async () => {
      const { email } = await someone();
      await limited.signIn(email, PASSWORD, { ip: HOME });
      world.clock.advance(FAMILIAR_MS);
      await wrongFrom(limited, email, 5);
      expect(await codeOf(limited.signIn(email, PASSWORD, { ip: HOME }))).toBe('auth.rate_limited');
    });

    it('do not lock it again for who has reset the password', async () => {
      const { email } = await someone();
      await limited.requestReset.execute(address(email), HOME);
      await limited.aside.done();
      const token = world.mails.flatMap(({ values }) => ('token' in values ? [values.token] : [])).at(-1);
      await confirm(token ?? new Secret(''), HOME, limited);
      await wrongFrom(limited, email, 5);
      await limited.signIn(email, PASSWORD, { ip: HOME });
    });
  });

  it('find nothing of where users were who are erased', async () => {
    const { email, id } = await someone();
    await identity.signIn(email, PASSWORD);
    const noted = () => identity.dataSource.query<object[]>('SELECT FROM familiar_network WHERE user_id = $1', [id]);
    expect(await noted()).toHaveLength(1);
    await identity.dataSource.transaction((tx) => new PostgresPersonalData().erase(tx, id));
    await identity.familiar.note(id, 'network', world.clock.now());
    expect(await noted()).toHaveLength(0);
  });
});
