import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { isAppError, Secret } from '@latchkey/kernel';
import type { CaptchaVendor } from '../application/captcha';
import { SiteVerifyCaptcha } from './site-verify-captcha';

describe('a captcha', () => {
  let server: Server;
  let answering: (response: ServerResponse) => void;
  let asked: URLSearchParams[];
  beforeAll(async () => {
    server = createServer((request, response) => {
      void text(request).then((form) => {
        asked.push(new URLSearchParams(form));
        answering(response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => {
    asked = [];
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const captcha = (vendor: CaptchaVendor) =>
    new SiteVerifyCaptcha({
      vendor,
      secret: new Secret('the-secret'),
      verifyUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/siteverify`,
      scoreMin: 0.5,
      timeoutMs: 300,
    });
  const answers = (body: unknown, status = 200) => {
    answering = (response) =>
      response
        .writeHead(status, { location: '/elsewhere' })
        .end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  const passes = (vendor: CaptchaVendor) => captcha(vendor).passes('what the widget said', '192.0.2.1');
  const unavailable = (vendor: CaptchaVendor) =>
    passes(vendor).then(
      () => false,
      (error: unknown) => isAppError(error, 'service.unavailable') && error.retryAfterSeconds === 5,
    );

  it('is verified with the secret, the response and the address, as a form', async () => {
    answers({ success: true });
    await captcha('hcaptcha').passes('what the widget said', '192.0.2.1');
    await captcha('hcaptcha').passes('again', undefined);
    expect(asked.map((form) => Object.fromEntries(form))).toEqual([
      { secret: 'the-secret', response: 'what the widget said', remoteip: '192.0.2.1' },
      { secret: 'the-secret', response: 'again' },
    ]);
  });

  it.each([
    ['googlev3', { success: true, score: 0.5, action: 'login' }, true],
    ['googlev3', { success: true, score: 0.4, action: 'login' }, false],
    ['googlev3', { success: true, score: 0.9, action: 'homepage' }, false],
    ['googlev3', { success: true, score: 0.9 }, false],
    ['googlev3', { success: true, action: 'login' }, false],
    ['googlev3', { success: false, 'error-codes': ['timeout-or-duplicate'] }, false],
    ['hcaptcha', { success: true }, true],
    ['hcaptcha', { success: false, 'error-codes': ['invalid-input-response'] }, false],
    ['turnstile', { success: true, action: '', cdata: '' }, true],
    ['turnstile', { success: true, action: 'login' }, true],
    ['turnstile', { success: true, action: 'signup' }, false],
    ['turnstile', { success: false }, false],
  ] as const)('of %s that answers %j: %s', async (vendor, answer, expected) => {
    answers(answer);
    expect(await passes(vendor)).toBe(expected);
  });

  it.each([
    ['an error', { success: true }, 500],
    ['a redirect', { success: true }, 302],
    ['something else', '<html>', 200],
    ['another form', { success: 'yes' }, 200],
    ['nothing', '', 200],
    ['that it does not know us', { success: false, 'error-codes': ['invalid-input-secret'] }, 200],
  ])('whose vendor answers with %s lets nobody pass, and says that it may later', async (_what, body, status) => {
    answers(body, status);
    expect(await unavailable('googlev3')).toBe(true);
  });

  it('whose vendor does not answer in time, at all or to the end, lets nobody pass', async () => {
    answering = () => undefined;
    expect(await unavailable('turnstile')).toBe(true);
    answering = (response) => void response.writeHead(200).write('{"success":true');
    expect(await unavailable('turnstile')).toBe(true);
    answering = (response) => void response.destroy();
    expect(await unavailable('turnstile')).toBe(true);
  });

  it('does not show its secret in what goes wrong', async () => {
    answers('', 500);
    const error: unknown = await passes('googlev3').catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('the-secret');
  });
});
