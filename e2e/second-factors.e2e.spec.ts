import { eventually } from '@latchkey/testing';
import { Secret as Seed, TOTP } from 'otpauth';
import { call, callerOf, type Answer } from './harness/http';
import { startPopulated, type Person, type Populated } from './harness/people';
import { WAYS_OF_RUNNING } from './harness/system';
import { Tester } from './harness/tester';

const START_MS = 180_000;
/** Passwords are hashed with lower priority than all else, so signing in takes its time where the machine is busy. */
const SLOW_MS = 120_000;
const STEP_MS = 30_000;

interface Enrolled {
  /** Base32. */
  readonly seed: string;
  readonly token: string;
  readonly recoveryCodes: readonly string[];
}

describe.each(WAYS_OF_RUNNING)('second factors on %s', (way) => {
  let populated: Populated;
  let tester: Tester;
  let grace: Person & Enrolled;
  let mallory: Person & Enrolled;
  beforeAll(async () => {
    populated = await startPopulated(way, 's4e');
    tester = new Tester(populated.system);
    const [one, other] = [await populated.join('member'), await populated.join('member')];
    grace = { ...one, ...(await enrolApp(one)) };
    mallory = { ...other, ...(await enrolApp(other)) };
  }, START_MS);
  afterAll(() => populated?.stop(), START_MS);

  const post = (path: string, body: unknown) => call(populated.system.url, { method: 'POST', path, body });
  const as = (token: string) => callerOf(populated.system.url, token);
  const everywhere = (answer: string) => tester.everywhere(answer);
  /** What an app shows, or will show so many steps from now: a code of the next step is good as soon as the one before it is used. */
  const appCode = (seed: string, steps = 0) =>
    TOTP.generate({ secret: Seed.fromBase32(seed), timestamp: Date.now() + steps * STEP_MS });
  const ok = (answer: Answer): Answer => {
    if (answer.status >= 400) throw new Error(`answered ${answer.status}: ${answer.text}`);
    return answer;
  };

  const login = ({ email, password }: Person) => post('/api/user/auth/login', { email, password });
  const challengeOf = async (person: Person) =>
    ok(await login(person)).json<{ data: { mfa_token: string } }>().data.mfa_token;
  const verify = (mfa_token: string, code: string, method = 'totp') =>
    post('/api/user/auth/mfa/verify', { mfa_token, code, method });

  async function enrolApp({ password, token: session }: Person): Promise<Enrolled> {
    const begun = ok(await as(session)('POST', '/api/v1/mfa/totp', { password })).json<{ secret: string }>();
    const confirmed = ok(await as(session)('POST', '/api/v1/mfa/totp/confirm', { code: appCode(begun.secret) }));
    const { token, recovery_codes: recoveryCodes } = confirmed.json<{ token: string; recovery_codes: string[] }>();
    return { seed: begun.secret, token, recoveryCodes };
  }

  const codesMailedTo = ({ email }: Person): readonly string[] =>
    populated.mails.received
      .filter(({ to, raw }) => to.includes(email) && raw.includes('Subject: Your code'))
      .flatMap(({ raw }) => /^(\d{6})\r?$/m.exec(raw)?.[1] ?? []);
  /** @param place of its mail among those that the person got, from 0 */
  const mailedCode = (person: Person, place: number): Promise<string> =>
    eventually(
      async () => {
        const code = codesMailedTo(person)[place];
        if (code === undefined) throw new Error('no code has arrived');
        return code;
      },
      { timeoutMs: 15_000 },
    );

  async function enrolEmail(person: Person, session: string): Promise<string> {
    ok(await as(session)('POST', '/api/v1/mfa/email', { password: person.password }));
    const code = await mailedCode(person, 0);
    const confirmed = await as(session)('POST', '/api/v1/mfa/email/confirm', { code });
    return ok(confirmed).json<{ token: string }>().token;
  }

  it(
    'S2-10 S2-11 a login asks for the second factor, and its verification answers what a login answers',
    async () => {
      const ada = await populated.join('member');
      const app = await enrolApp(ada);
      expect(await tester.checks(ada.token)).toEqual(everywhere('401 revoked'));
      await enrolEmail(ada, app.token);

      const asked = await login(ada);
      expect([asked.status, asked.json()]).toEqual([
        200,
        {
          status: 'mfa_required',
          data: { mfa_token: expect.stringMatching(/^mfa_temp_\w/) as string, methods: ['totp', 'email'] },
        },
      ]);
      expect(asked.headers['set-cookie']).toBeUndefined();
      const { mfa_token } = asked.json<{ data: { mfa_token: string } }>().data;
      const answer = await verify(mfa_token, appCode(app.seed, 1));
      expect([answer.status, answer.json()]).toEqual([
        200,
        {
          status: 'success',
          data: {
            token: expect.stringMatching(/^eyJhbGciOiJIUzI1NiIs/) as string,
            user: { id: expect.any(Number) as number, email: ada.email, role: 'member' },
          },
        },
      ]);
      const { token } = answer.json<{ data: { token: string } }>().data;
      expect(String(answer.headers['set-cookie'])).toMatch(
        new RegExp(`^token=${token}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=\\d+$`),
      );
      expect(await tester.checks(token, { scopes: ['read:assets'] })).toEqual(everywhere('200'));

      // The login above has mailed one too.
      await mailedCode(ada, 1);
      const challenge = await challengeOf(ada);
      expect((await verify(challenge, await mailedCode(ada, 2), 'email')).status).toBe(200);
    },
    SLOW_MS,
  );

  it(
    'S2-11 takes a recovery code for the second factor, once, and answers the canonical route with a plain record',
    async () => {
      const { recoveryCodes, token } = grace;
      expect(recoveryCodes).toHaveLength(10);
      const credentials = { email: grace.email, password: grace.password };
      const asked = await post('/api/v1/sessions', credentials);
      expect([asked.status, asked.json()]).toEqual([
        200,
        {
          status: 'mfa_required',
          mfa_token: expect.stringMatching(/^mfa_temp_/) as string,
          methods: ['totp'],
          expires_at: expect.stringMatching(/Z$/) as string,
        },
      ]);
      const shown = { code: recoveryCodes[0], method: 'recovery_code' };
      const { mfa_token } = asked.json<{ mfa_token: string }>();
      const answer = await post('/api/v1/sessions/mfa', { mfa_token, ...shown });
      expect([answer.status, answer.json()]).toMatchObject([
        201,
        { status: 'signed_in', user: { email: grace.email } },
      ]);
      const again = await post('/api/v1/sessions/mfa', { mfa_token: await challengeOf(grace), ...shown });
      expect([again.status, again.json()]).toMatchObject([401, { code: 'auth.unauthorized' }]);
      expect((await as(token)('GET', '/api/v1/mfa')).json()).toEqual({ methods: ['totp'], recovery_codes: 9 });
    },
    SLOW_MS,
  );

  it('S2-12 S2-13 a wrong code, and the sixth for one login, are 401 unauthorized in the documented form', async () => {
    const challenge = await challengeOf(mallory);
    const right = appCode(mallory.seed, 1);
    const wrong = right.replace(/.$/, (digit) => String((Number(digit) + 5) % 10));
    const unauthorized = (message: string) => ({ status: 'error', error: { code: 'unauthorized', message } });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const answer = await verify(challenge, wrong);
      const message = 'The code is wrong, has expired, or was used already.';
      expect([answer.status, answer.json()]).toEqual([401, unauthorized(message)]);
    }
    const sixth = await verify(challenge, right);
    expect([sixth.status, sixth.json<{ error: { code: string } }>().error.code]).toEqual([401, 'unauthorized']);
    expect((await verify('mfa_temp_abc123', '123456')).status).toBe(401);
  });

  it(
    'lets one in of a hundred who show one right code at once',
    async () => {
      const challenges: string[] = [];
      for (let count = 0; count < 5; count += 1) challenges.push(await challengeOf(grace));
      const code = appCode(grace.seed, 1);
      const answers = await Promise.all(
        challenges.flatMap((challenge) => Array.from({ length: 20 }, () => verify(challenge, code))),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    },
    SLOW_MS,
  );

  it.each([
    ['code', { mfa_token: 'mfa_temp_abc123', code: '１２３４５６', method: 'totp' }],
    ['code', { mfa_token: 'mfa_temp_abc123', code: ' 12345', method: 'totp' }],
    ['code', { mfa_token: 'mfa_temp_abc123', code: 123456, method: 'email' }],
    ['code', { mfa_token: 'mfa_temp_abc123', code: '123456', method: 'recovery_code' }],
    ['method', { mfa_token: 'mfa_temp_abc123', code: '123456', method: 'sms' }],
    ['method', { mfa_token: 'mfa_temp_abc123', code: '123456' }],
    ['mfa_token', { code: '123456', method: 'totp' }],
  ])('names the field "%s" that is wrong', async (field, body) => {
    const answer = await post('/api/user/auth/mfa/verify', body);
    expect([answer.status, answer.json()]).toMatchObject([
      400,
      { status: 'error', error: { code: 'invalid_request', field } },
    ]);
  });

  it(
    'S2-12 S2-13 where the workspace requires one, a session without gets 403 mfa_required but where it can enrol',
    async () => {
      const lovelace = await populated.join('member');
      const require = (second_factor: 'required' | 'optional') =>
        tester.asAdmin('PATCH', '/api/v1/workspaces/current', { second_factor });
      ok(await require('required'));
      try {
        const session = as(lovelace.token);
        const refused = { status: 'error', error: { code: 'mfa_required', message: 'This needs a second factor.' } };
        for (const answer of [
          await session('GET', '/api/keys'),
          await tester.getAssets({ cookie: `token=${lovelace.token}` }),
        ])
          expect([answer.status, answer.json()]).toEqual([403, refused]);
        const canonical = await session('GET', '/api/v1/api-keys');
        expect([canonical.status, canonical.json()]).toMatchObject([403, { code: 'auth.mfa_required' }]);
        expect(await tester.checks(lovelace.token)).toEqual(everywhere('403 mfa_required'));
        expect((await session('GET', '/api/v1/mfa')).json()).toEqual({ methods: [], recovery_codes: 0 });
        expect((await session('GET', '/api/v1/sessions')).status).toBe(200);

        const { token } = await enrolApp(lovelace);
        expect(await tester.checks(token)).toEqual(everywhere('200'));
        expect((await as(token)('GET', '/api/keys')).status).toBe(200);
        // What no person holds needs none.
        expect(await tester.checks(populated.system.adminKey)).toEqual(everywhere('200'));
      } finally {
        ok(await require('optional'));
      }
    },
    SLOW_MS,
  );

  it(
    'ends every session on every node when a second factor goes, which needs the password',
    async () => {
      const { token, password } = mallory;
      const wrong = await as(token)('DELETE', '/api/v1/mfa/totp', { password: 'not the password' });
      expect([wrong.status, wrong.json()]).toMatchObject([403, { code: 'password.wrong', field: 'password' }]);
      const gone = ok(await as(token)('DELETE', '/api/v1/mfa/totp', { password }));
      expect(await tester.checks(token)).toEqual(everywhere('401 revoked'));
      expect(await tester.checks(gone.json<{ token: string }>().token)).toEqual(everywhere('200'));
      expect(ok(await login(mallory)).json()).toMatchObject({ status: 'success' });
    },
    SLOW_MS,
  );

  it('takes none of it from an API key', async () => {
    expect((await tester.asAdmin('GET', '/api/v1/mfa')).status).toBe(403);
    expect((await tester.asAdmin('POST', '/api/v1/mfa/totp', { password: 'x' })).status).toBe(403);
  });
});
