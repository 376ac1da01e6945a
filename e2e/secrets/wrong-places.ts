import type { Call } from '../harness/http';

const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** Longer than any body may be. */
const PADDING = 'x'.repeat(1_100_000);

const HEADERS = [
  'user-agent',
  'referer',
  'origin',
  'x-request-id',
  'idempotency-key',
  'x-forwarded-for',
  'forwarded',
  'if-none-match',
  'accept-language',
  'content-type',
  'x-secret',
  'traceparent',
];

/** Where people and programs put a secret by mistake, on the routes of administration. `credential`: who calls. */
export function misplacedInAdministration(secret: string, credential: string, keyId: string): readonly Call[] {
  const as = (call: Call): Call => ({ credential, ...call });
  const body = { name: 'x', scopes: ['read:assets'] };
  const create = (wrong: unknown, headers = {}) => as({ method: 'POST', path: '/api/keys', body: wrong, headers });
  return [
    ...['/api/keys/', '/api/v1/api-keys/', '/api/v1/audit-events/', '/v1/', '/', '//', '/asset/'].flatMap((path) => [
      as({ path: path + secret }),
      as({ path: path + percent(secret) }),
      as({ path: `${path}x?x=${secret}` }),
    ]),
    as({ method: 'DELETE', path: `/api/keys/${secret}` }),
    as({ method: 'DELETE', path: `/api/v1/api-keys/${secret}.1` }),
    as({ method: 'POST', path: `/api/v1/api-keys/${secret}/rotate`, body: {} }),
    as({ method: 'PATCH', path: `/api/v1/api-keys/${secret}`, body: { name: 'x' } }),
    ...['token', 'key', 'cursor', 'limit', secret].map((name) =>
      as({ path: `/api/v1/api-keys?${name}=${secret}`, credential: name === 'token' ? '' : credential }),
    ),
    ...['type', 'subject', 'actor', 'request_id', 'from', 'cursor'].map((name) =>
      as({ path: `/api/v1/audit-events?${name}=${secret}` }),
    ),
    ...HEADERS.map((name) => create(name === 'content-type' ? 'x' : body, { [name]: secret })),
    create(`{"token":"${secret}",`),
    create(`{"token":"${secret}\u0000"}`),
    create(`${secret}`),
    create({ ...body, [secret]: 1 }),
    create({ ...body, token: secret }),
    create({ ...body, key: secret, padding: PADDING }),
    create({ ...body, scopes: [secret] }),
    create({ ...body, scopes: secret }),
    create({ ...body, plan: secret }),
    create({ ...body, allowed_ips: [secret] }),
    create({ ...body, expires_at: secret }),
    create({ ...body, name: { [secret]: secret } }),
    as({ method: 'PATCH', path: `/api/v1/api-keys/${keyId}`, body: { scopes: [secret] } }),
    as({ method: 'POST', path: `/api/v1/api-keys/${keyId}/rotate`, body: { grace_period_hours: secret } }),
    { path: '/api/keys', headers: { authorization: `Basic ${Buffer.from(`user:${secret}`).toString('base64')}` } },
    { path: '/api/keys', headers: { authorization: secret } },
    { path: '/api/keys', headers: { authorization: `Bearer ${secret}, Bearer ${secret}` } },
    { path: '/api/keys', headers: { cookie: `session=${secret}; token=${secret}` } },
    { path: '/api/keys', credential: `${secret}x` },
  ];
}

/** The same for the check. */
export const misplacedInChecks = (secret: string, credential: string): readonly Call[] =>
  [
    { credential, path: `/api/${secret}` },
    { credential, path: `/api?token=${secret}` },
    { credential, path: `/${percent(secret)}` },
    { credential, asset: secret },
    { credential, action: secret },
    { credential, ip: secret },
    { credential, scopes: [secret] },
    { credential, method: secret },
    { credential, method: secret.slice(0, 20) },
    { credential, [secret]: secret },
    { credential: [secret] },
    { credential: { secret } },
    { credential: `Bearer ${secret}` },
    { credential: Buffer.from(secret).toString('base64') },
    { credential: `${secret}${PADDING.slice(0, 20_000)}` },
    `{"credential":"${secret}"`,
  ].map((body) => ({ method: 'POST', path: '/v1/check', body }));

/** Broken before it is HTTP. */
export const brokenRequests = (secret: string): readonly string[] => [
  `GET /${secret} HTTP/9.9\r\nHost: x\r\nConnection: close\r\n\r\n`,
  `${secret} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer ${secret}\r\nConnection: close\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nX: ${'x'.repeat(20_000)}\r\nConnection: close\r\n\r\n`,
];
