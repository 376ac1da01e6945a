import { eventually } from '@latchkey/testing';
import { decodeProtectedHeader } from 'jose';
import { accessToken, registerApplication, type Application } from './harness/applications';
import { call } from './harness/http';
import { runProgram } from './harness/program';
import { startSystem, WAYS_OF_RUNNING } from './harness/system';
import { Tester } from './harness/tester';

const START_MS = 180_000;
const SLOW_MS = 60_000;
/** Processes that sign look after their keys every two seconds. */
const HEARD_MS = 15_000;

describe.each(WAYS_OF_RUNNING)(
  'keys that sign access tokens, changed by an operator on %s (npm run rotate-signing-key)',
  (way) => {
    let tester: Tester;
    let application: Application;
    beforeAll(async () => {
      tester = new Tester(await startSystem(way, { profile: 's4e' }));
      const { url, adminKey } = tester.system;
      application = await registerApplication(url, adminKey, { scopes: ['assets:read'], plan: 'unlimited' });
    }, START_MS);
    afterAll(() => tester?.system.stop(), START_MS);

    const rotate = (...args: string[]) => {
      const { databaseUrl, dataDir } = tester.system;
      return runProgram(
        'apps/rotate-signing-key/main.js',
        { DATABASE_URL: databaseUrl, LATCHKEY_DATA_DIR: dataDir },
        args,
      );
    };
    const token = () => accessToken(tester.system.url, application);
    const signedBy = (jws: string) => decodeProtectedHeader(jws).kid ?? '';
    const published = async () => {
      const answer = await call(tester.system.url, { path: '/.well-known/jwks.json' });
      return answer.json<{ keys: { kid: string }[] }>().keys.map(({ kid }) => kid);
    };

    it(
      'are not changed to one that hardly anybody can know',
      async () => {
        const { code, output } = await rotate();
        expect([code, output]).toEqual([1, expect.stringContaining('The next signing key is so new')]);
      },
      SLOW_MS,
    );

    it(
      'can be revoked: when it has answered, no node takes what the key has signed, and tokens go on',
      async () => {
        const before = await token();
        const kid = signedBy(before);
        expect(await tester.checks(before)).toEqual(tester.everywhere('200'));

        const { code, output } = await rotate('--revoke', kid);
        const { signs, revoked } = JSON.parse(output) as { signs: string; revoked: string };
        expect([code, revoked]).toEqual([0, kid]);
        expect(await tester.checks(before)).toEqual(tester.everywhere('401 revoked'));

        await eventually(async () => expect(signedBy(await token())).toBe(signs), { timeoutMs: HEARD_MS });
        expect(await tester.checks(await token())).toEqual(tester.everywhere('200'));
        await eventually(async () => expect(await published()).not.toContain(kid), { timeoutMs: HEARD_MS });
        expect(await published()).toContain(signs);
      },
      SLOW_MS,
    );

    it(
      'are not there for any name',
      async () => {
        expect(await rotate('--revoke', 'nobody')).toEqual({ code: 1, output: 'There is no such signing key.\n' });
      },
      SLOW_MS,
    );
  },
);
