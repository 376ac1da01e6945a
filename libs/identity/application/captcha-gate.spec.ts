import { isAppError } from '@latchkey/kernel';
import { CaptchaGate } from './captcha-gate';

it('a captcha is checked for so many at once, and one more may try again later', async () => {
  let answer: (passes: boolean) => void = () => undefined;
  const answered = new Promise<boolean>((resolve) => (answer = resolve));
  const gate = new CaptchaGate({
    captcha: { vendor: 'turnstile', passes: () => answered },
    isTrusted: () => false,
  });
  const pass = () =>
    gate.pass({ response: 'right', vendor: null, bypass: false }, '192.0.2.1', { ofAccount: 3, ofAddress: 0 });
  const checked = Array.from({ length: 32 }, pass);
  const refused: unknown = await pass().catch((error: unknown) => error);
  expect(isAppError(refused, 'service.unavailable') && refused.retryAfterSeconds).toBe(5);
  answer(true);
  expect(new Set(await Promise.all(checked))).toEqual(new Set(['passed']));
  expect(await pass()).toBe('passed');
});
