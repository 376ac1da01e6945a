import type { SignInEntry } from '@latchkey/contracts';
import { RecordedSignIns } from './sign-in-telemetry';

it('what waits to be recorded holds no more of a user agent than will be', () => {
  const waiting: SignInEntry[] = [];
  const signIns = new RecordedSignIns(
    { record: (entry) => void waiting.push(entry) },
    { record: () => undefined, unrecorded: () => undefined },
  );
  signIns.record({
    ...{ outcome: 'succeeded', method: 'password', captcha: 'not_asked', userId: null, workspaceId: null },
    ...{ ip: null, userAgent: 'x'.repeat(10_000), at: new Date(0) },
  });
  expect(waiting.map(({ userAgent }) => userAgent?.length)).toEqual([256]);
});
