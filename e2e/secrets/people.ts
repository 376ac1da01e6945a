import { randomBytes } from 'node:crypto';
import type { MailServer } from '@latchkey/testing';
import { Secret as Seed, TOTP } from 'otpauth';
import { call, type Answer, type Call } from '../harness/http';
import { tokenMailed } from '../harness/accounts';
import type { RecordingClient } from './client';

const STEP_MS = 30_000;
const LOGIN = '/api/user/auth/login';
const VERIFY = '/api/user/auth/mfa/verify';
const APP = '/api/v1/mfa/totp';

interface SignedIn {
  readonly token: string;
  readonly recovery_codes?: readonly string[] | null;
}

/** What signs a person in, whole. What a token says of its session is no secret, but what signs it is. */
class PersonsSecrets {
  constructor(private readonly client: RecordingClient) {}

  password(): string {
    const value = randomBytes(16).toString('hex');
    this.client.secrets.push({ name: 'password', value });
    return value;
  }

  /** Random enough for its SHA-256 to be kept. */
  token(name: string, value: string): string {
    this.client.secrets.push({ name, value, isKeptAsDigest: true });
    return value;
  }

  session(token: string): string {
    const [, , signature = ''] = token.split('.');
    this.client.secrets.push({ name: 'signature of a session', value: signature });
    return token;
  }

  seed(value: string): string {
    this.client.secrets.push({ name: 'secret of an app', value });
    return value;
  }

  recoveryCodes(codes: readonly string[]): readonly string[] {
    for (const value of codes) {
      this.client.secrets.push({ name: 'recovery code', value });
      this.client.secrets.push({ name: 'recovery code in one piece', value: value.replaceAll('-', '') });
    }
    return codes;
  }
}

/**
 * Somebody joins, signs in, enrols an app, goes on by it, forgets the password and comes back by a recovery code; then everything that they
 * have shown on the way is shown where it does not belong.
 */
export async function usePeople(
  client: RecordingClient,
  url: string,
  adminKey: string,
  mails: MailServer,
): Promise<void> {
  const secrets = new PersonsSecrets(client);
  const email = `somebody-${randomBytes(4).toString('hex')}@example.com`;
  /** Answers what is shown this once; only the rest of what came back must hold no secret. */
  async function ask<Shown>(sent: Call, read: (answer: Answer) => { shown: Shown; secrets: readonly string[] }) {
    const answer = await call(url, { method: 'POST', ...sent });
    if (answer.status >= 300) throw new Error(`${sent.path} answered ${answer.status}: ${answer.text}`);
    const told = read(answer);
    const { headers, text } = answer;
    client.answers.push(
      told.secrets.reduce((rest, each) => rest.replaceAll(each, ''), JSON.stringify({ headers, text })),
    );
    return told.shown;
  }
  const session = (sent: Call) =>
    ask(sent, (answer) => {
      const body = answer.json<SignedIn & { data?: SignedIn }>();
      const shown = body.data ?? body;
      return { shown, secrets: [shown.token, ...(shown.recovery_codes ?? [])] };
    });

  const first = secrets.password();
  const invitation = { method: 'POST', path: '/api/v1/invitations', body: { email, role: 'member' } };
  await client.send(url, { ...invitation, credential: adminKey });
  const invited = secrets.token('token of an invitation', await tokenMailed(mails, email, 'accept-invitation'));
  const accept = { method: 'POST', path: '/api/v1/invitations/accept' };
  await client.send(url, { ...accept, body: { token: invited, password: first } });

  const signedIn = secrets.session((await session({ path: LOGIN, body: { email, password: first } })).token);
  const refresh = { path: '/api/user/auth/refresh', headers: { cookie: `token=${signedIn}` } };
  const token = secrets.session((await session(refresh)).token);
  const seed = await ask({ path: APP, credential: token, body: { password: first } }, (answer) => {
    const { secret, qr } = answer.json<{ secret: string; qr: string }>();
    return { shown: secrets.seed(secret), secrets: [secret, qr] };
  });
  const code = (steps: number) =>
    TOTP.generate({ secret: Seed.fromBase32(seed), timestamp: Date.now() + steps * STEP_MS });
  const enrolled = await session({ path: `${APP}/confirm`, credential: token, body: { code: code(0) } });
  secrets.session(enrolled.token);
  const [recoveryCode = ''] = secrets.recoveryCodes(enrolled.recovery_codes ?? []);

  const begin = (password: string) =>
    ask({ path: LOGIN, body: { email, password } }, (answer) => {
      const { mfa_token: shown } = answer.json<{ data: { mfa_token: string } }>().data;
      return { shown: secrets.token('token of a second step', shown), secrets: [shown] };
    });
  const byApp = { mfa_token: await begin(first), code: code(1), method: 'totp' };
  secrets.session((await session({ path: VERIFY, body: byApp })).token);

  await client.send(url, { method: 'POST', path: '/api/v1/password/reset', body: { email } });
  const reset = secrets.token('token of a reset', await tokenMailed(mails, email, 'reset-password'));
  const next = secrets.password();
  const confirm = { method: 'POST', path: '/api/v1/password/reset/confirm' };
  await client.send(url, { ...confirm, body: { token: reset, new_password: next } });
  const pending = await begin(next);
  const byCode = { mfa_token: pending, code: recoveryCode, method: 'recovery_code' };
  const last = secrets.session((await session({ path: VERIFY, body: byCode })).token);
  const open = await begin(next);
  for (const secret of [next, seed, recoveryCode, reset, invited, signedIn, open, pending, last])
    for (const each of misplaced(secret, email, last)) await client.send(url, each);
  // The session itself at last, as it is refreshed by it.
  for (const secret of [signedIn, open, pending, last])
    for (const each of misplacedTokens(secret, email, last)) await client.send(url, each);
}

/** Where people put by mistake what signs them in. @param token of a session that is open */
function misplaced(secret: string, email: string, token: string): readonly Call[] {
  return [
    post(LOGIN, { email: secret, password: secret }),
    post(LOGIN, { email, password: { secret }, vendor: secret }),
    post(LOGIN, `{"email":"${secret}",`),
    post(VERIFY, { mfa_token: 'x', code: secret, method: secret }),
    post('/api/v1/password/reset', { email: secret }),
    post('/api/v1/password/reset/confirm', { token: 'x', new_password: secret.slice(0, 11) }),
    post(APP, { password: secret }, token),
    post(`${APP}/confirm`, { code: secret }, token),
    { path: `/api/v1/sessions?cursor=${secret}&limit=${secret}`, credential: token },
    { path: '/api/v1/me', headers: { cookie: `token=${secret}; other=${secret}` } },
    { path: '/api/v1/me', credential: secret },
  ];
}

/** And where only that is known for a secret which has a form of its own: a password in an address is an address. */
const misplacedTokens = (secret: string, email: string, token: string): readonly Call[] => [
  post(LOGIN, { email, password: 'x', [secret]: secret }),
  post(VERIFY, { mfa_token: secret, code: '123456', method: 'totp' }),
  post('/api/v1/password/reset/confirm', { token: secret, new_password: 'short' }),
  post('/api/v1/invitations/accept', { token: secret, name: { secret } }),
  post(`/api/v1/mfa/${secret}/confirm`, { code: '123456' }, token),
  { method: 'DELETE', path: `/api/v1/sessions/${secret}`, credential: token },
  { path: `/api/user/auth/refresh?token=${secret}`, method: 'POST' },
];

const post = (path: string, body: unknown, credential?: string): Call => ({
  ...{ method: 'POST', path, body },
  ...(credential !== undefined && { credential }),
});
