import { Secret as Seed, TOTP } from 'otpauth';
import { call, callerOf } from './harness/http';
import { signIn } from './harness/accounts';
import { runProgram } from './harness/program';
import { OWNER, startSystem, type System } from './harness/system';

const START_MS = 120_000;
const SLOW_MS = 60_000;

/** Commands of operators beside a running service. `npm run erase` has a test of its own. */
describe('about who signs in, an operator', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem('standalone', { profile: 's4e', env: { LATCHKEY_SESSION_REFRESH_SECONDS: '0' } });
  }, START_MS);
  afterAll(() => system?.stop(), START_MS);

  const run = (command: string, ...args: string[]) => {
    const env = { DATABASE_URL: system.databaseUrl, LATCHKEY_DATA_DIR: system.dataDir };
    return runProgram(`apps/${command}/main.js`, env, args);
  };
  const post = (path: string, body?: unknown, credential?: string) =>
    call(system.url, { method: 'POST', path, body, ...(credential !== undefined && { credential }) });
  const refresh = (token: string) => post('/api/user/auth/refresh', undefined, token);
  const statusOf = async (token: string) => (await callerOf(system.url, token)('GET', '/api/v1/sessions')).status;

  describe('makes a new key for tokens of sessions (npm run rotate-session-key)', () => {
    const kidOf = (token: string) =>
      (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
    let before: readonly string[];
    let kid: string;
    beforeAll(async () => {
      before = [await signIn(system, OWNER), await signIn(system, OWNER)];
      const { code, output } = await run('rotate-session-key');
      expect(code).toBe(0);
      ({ kid } = JSON.parse(output) as { kid: string });
      // Within a minute by itself; at once, when somebody shows a token of a key that it does not know.
      const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid, typ: 'session+jwt' })).toString('base64url');
      const forged = before[0]?.replace(/^[^.]*/, header) ?? '';
      expect((await refresh(forged)).status).toBe(401);
    }, SLOW_MS);

    it('that signs all that come from then on', async () => {
      expect(before.map(kidOf)).not.toContain(kid);
      expect(kidOf(await signIn(system, OWNER))).toBe(kid);
    });

    it('and what was signed before stays good, and is refreshed to one of the new key', async () => {
      const [kept = '', traded = ''] = before;
      expect(await statusOf(kept)).toBe(200);
      const { token } = (await refresh(traded)).json<{ data: { token: string } }>().data;
      expect([kidOf(token), await statusOf(token), await statusOf(kept)]).toEqual([kid, 200, 200]);
    });
  });

  describe('removes second factors that somebody has lost (npm run remove-second-factors)', () => {
    const login = () => post('/api/v1/sessions', OWNER);

    it(
      'so that the password is enough, and ends their sessions before it answers',
      async () => {
        const { user, token: first } = (await login()).json<{ user: { id: string }; token: string }>();
        const begun = await post('/api/v1/mfa/totp', { password: OWNER.password }, first);
        const seed = Seed.fromBase32(begun.json<{ secret: string }>().secret);
        const confirmed = await post('/api/v1/mfa/totp/confirm', { code: TOTP.generate({ secret: seed }) }, first);
        const { token } = confirmed.json<{ token: string }>();
        expect([await statusOf(token), (await login()).json()]).toMatchObject([200, { status: 'mfa_required' }]);

        const { code, output } = await run('remove-second-factors', user.id);
        expect([code, JSON.parse(output)]).toEqual([0, { user_id: user.id, second_factors: 'removed' }]);
        expect(await statusOf(token)).toBe(401);
        expect((await login()).json()).toMatchObject({ status: 'signed_in' });
      },
      SLOW_MS,
    );

    it('of nobody that there is not', async () => {
      expect(await run('remove-second-factors', 'nobody')).toEqual({ code: 1, output: 'There is no such user.\n' });
    });
  });
});
