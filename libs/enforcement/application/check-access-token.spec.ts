import type { CheckRequest, ClientSubject, Decision } from '@latchkey/contracts';
import { workspaceId } from '@latchkey/kernel';
import { constants, createHmac, sign } from 'node:crypto';
import { createCheckAccess } from '../enforcement.module';
import {
  activeClient,
  CLAIMS,
  CLIENT,
  EXPIRES_MS,
  JTI,
  liveClient,
  part,
  TERMS,
  TestSigningKey,
} from '../testing/access-tokens';
import { resolverOf, USER, WORKSPACE } from '../testing/keys';
import { liveSession, sessionToken } from '../testing/sessions';
import { UNRESTRICTED } from './callers';

const rsa = new TestSigningKey('RS256');
const ec = new TestSigningKey('ES256');
const TOKEN = rsa.token();
const OTHER = workspaceId('01900000-0000-7000-8000-0000000000ff');

function given(client: Partial<ClientSubject> = {}, live = liveClient([rsa, ec], client)) {
  const recorded: Decision[] = [];
  const errors: unknown[] = [];
  const access = createCheckAccess({
    liveAccess: live,
    resolver: resolverOf(),
    accessTokens: { ...TERMS, owners: live },
    decisions: { count: () => {} },
    record: { record: (decision) => recorded.push(decision) },
    onError: (error) => errors.push(error),
  });
  const check = (request: Partial<CheckRequest> = {}) => access.check({ credential: TOKEN, ...request });
  return { access, live, recorded, errors, check };
}

describe('a check of an access token (S1-10)', () => {
  it('says which client calls, what it may do, and what is left of its limits', async () => {
    const { check, recorded } = given();
    expect(await check({ scopes: ['read:assets'], asset: 'example.com' })).toMatchObject({
      allowed: true,
      status: 200,
      principal: {
        kind: 'client',
        id: CLIENT,
        secret_id: JTI,
        workspace_id: WORKSPACE,
        user_id: USER,
        name: 'Nightly report',
        scopes: ['read:assets', 'write:scans'],
        assets: 'all',
      },
      limits: [{ name: 'minute', limit: 100, remaining: 99 }],
    });
    expect(recorded).toMatchObject([{ secret: { workspaceId: WORKSPACE, clientId: CLIENT, jti: JTI } }]);
    expect(JSON.stringify(recorded)).not.toContain(TOKEN);
  });

  it.each([
    ['of ES256', ec.token()],
    ['of typ JWT', rsa.token({}, { typ: 'JWT' })],
  ])('takes one %s', async (_, credential) => {
    expect(await given().check({ credential })).toMatchObject({ allowed: true });
  });

  it('counts all tokens of a client together', async () => {
    const { check } = given({ plan: 'standard' });
    await check({ cost: 60 });
    const other = rsa.token({ jti: '01900000-0000-7000-8000-0000000000e2' });
    expect(await check({ credential: other, cost: 60 })).toMatchObject({ reason: 'rate_limited' });
  });

  it('that only looks, at cost 0, shows what is left, counts nothing, and is refused by no limit', async () => {
    const { check } = given();
    await check({ cost: 100 });
    expect(await check({ cost: 0 })).toMatchObject({ allowed: true, limits: [{ remaining: 0 }] });
    expect(await check()).toMatchObject({ reason: 'rate_limited' });
  });

  it('asks for a signing key once', async () => {
    const { check, live } = given();
    await check();
    await check();
    await check({ credential: rsa.token({ jti: '01900000-0000-7000-8000-0000000000e2' }) });
    expect(live.asked).toEqual([rsa.id]);
  });

  it('of an expired token whose signature is good says so, and of no other', async () => {
    const { check, live, recorded } = given();
    live.nowMs = EXPIRES_MS;
    expect(await check()).toMatchObject({ status: 401, reason: 'token_expired', principal: null });
    expect(await check({ credential: `${TOKEN.slice(0, -4)}AAAA` })).toMatchObject({ reason: 'unknown' });
    expect(recorded.map(({ secret }) => secret !== null)).toEqual([true, false]);
  });

  it('for a caller that is restricted to another workspace knows no such token', async () => {
    const { access } = given();
    const asked = (id: typeof OTHER) => access.checkFor({ ...UNRESTRICTED, workspaceId: id }, { credential: TOKEN });
    expect(await asked(OTHER)).toMatchObject({ reason: 'unknown', principal: null });
    expect(await asked(WORKSPACE)).toMatchObject({ allowed: true });
  });

  it('is a 503 while nobody can say which key it is', async () => {
    const { check, live, errors } = given();
    live.available = false;
    expect(await check()).toMatchObject({ status: 503, reason: 'unavailable' });
    expect(errors).toEqual([]);
  });

  it('where the installation takes no access tokens knows none', async () => {
    const access = createCheckAccess({
      ...{ liveAccess: liveClient([rsa]), resolver: resolverOf(), decisions: { count: () => {} } },
      onError: () => {},
    });
    expect(await access.check({ credential: TOKEN })).toMatchObject({ reason: 'unknown' });
  });
});

describe('a token that was accepted before is refused in the next check', () => {
  const changes: [string, (live: ReturnType<typeof liveClient>) => void, string][] = [
    ['when it is revoked', changed({ revokedTokens: [{ jti: JTI, expiresAtMs: EXPIRES_MS }] }), 'revoked'],
    ['when all tokens of its client have ended', changed({ tokenGeneration: 2 }), 'revoked'],
    ['when its client is suspended', changed({ status: 'suspended' }), 'suspended'],
    ['when its client is deleted', changed({ status: 'deleted' }), 'revoked'],
    ['when its client has the scope no more', changed({ scopes: ['assets:read'] }), 'scope_missing'],
    ['when its signing key is revoked', (live) => live.put(rsa.id, { ...rsa.subject, status: 'revoked' }), 'revoked'],
    [
      "when its member's role has the scope no more",
      (live) =>
        live.put(USER, { kind: 'user', status: 'active', roles: { [WORKSPACE]: 'auditor' }, sessionGeneration: 0 }),
      'scope_missing',
    ],
    [
      'when its member is one no more',
      (live) => live.put(USER, { kind: 'user', status: 'active', roles: {}, sessionGeneration: 0 }),
      'suspended',
    ],
  ];
  function changed(change: Partial<ClientSubject>) {
    return (live: ReturnType<typeof liveClient>) => live.put(CLIENT, { ...activeClient, ...change });
  }

  it.each(changes)('%s', async (_, change, reason) => {
    const { check, live } = given();
    expect(await check({ scopes: ['scans:write'] })).toMatchObject({ allowed: true });
    change(live);
    expect(await check({ scopes: ['scans:write'] })).toMatchObject({ allowed: false, reason });
  });
});

describe('a token is unknown', () => {
  const header = (change: object) => ({ alg: 'RS256', typ: 'at+jwt', kid: rsa.id, ...change });
  const text = (change: object) => `${part(header(change))}.${part(CLAIMS)}`;
  const signed = (change: object, signature: (text: string) => Buffer) =>
    `${text(change)}.${signature(text(change)).toString('base64url')}`;
  const stranger = new TestSigningKey('RS256');
  const publicPem = rsa.publicKey.export({ format: 'pem', type: 'spki' });

  it.each<[string, string]>([
    ['of alg none', `${text({ alg: 'none' })}.`],
    ['of alg none with a signature', rsa.token({}, { alg: 'none' })],
    [
      'of HS256 with the public key',
      signed({ alg: 'HS256' }, (told) => createHmac('sha256', publicPem).update(told).digest()),
    ],
    ['of HS256 that says RS256', signed({}, (told) => createHmac('sha256', publicPem).update(told).digest())],
    [
      'of PS256',
      signed({ alg: 'PS256' }, (told) =>
        sign('sha256', Buffer.from(told), { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }),
      ),
    ],
    [
      'of PS256 that says RS256',
      signed({}, (told) =>
        sign('sha256', Buffer.from(told), { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }),
      ),
    ],
    ['of RS512 that says RS256', signed({}, (told) => sign('sha512', Buffer.from(told), rsa.privateKey))],
    ['that says ES256 of an RSA key', rsa.token({}, { alg: 'ES256' })],
    ['that says RS256 of an EC key', ec.token({}, { alg: 'RS256' })],
    [
      'of ES256 in DER',
      `${ec.token().split('.').slice(0, 2).join('.')}.${sign('sha256', Buffer.from(ec.token().split('.').slice(0, 2).join('.')), ec.privateKey).toString('base64url')}`,
    ],
    ['of ES256 with a signature of zeros', ec.token().replace(/[^.]+$/, Buffer.alloc(64).toString('base64url'))],
    ['signed by a key of others that names ours', stranger.token({}, { kid: rsa.id })],
    ['signed by a key of others', stranger.token()],
    ['with jku', rsa.token({}, { jku: 'https://evil.example/jwks' })],
    ['with x5u', rsa.token({}, { x5u: 'https://evil.example/cert' })],
    ['with its own jwk', stranger.token({}, { jwk: stranger.subject.jwk })],
    ['with an unknown crit', rsa.token({}, { crit: ['exp'] })],
    ['that is a JWE', `${TOKEN}.${part({})}.${part({})}`],
    ['of a megabyte', rsa.token({ pad: 'x'.repeat(1_000_000) })],
    ['with padding', `${TOKEN}=`],
    ['of another issuer', rsa.token({ iss: 'https://other.example.com' })],
    ['of an issuer in another spelling', rsa.token({ iss: `${TERMS.issuer}/` })],
    ['for another audience', rsa.token({ aud: 'https://other.example.com' })],
    ['for several audiences', rsa.token({ aud: [TERMS.audience, 'https://other.example.com'] })],
    ['with claims that were changed', changed({ scope: 'admin' })],
    ["of another's client", changed({ client_id: JTI, sub: JTI })],
    ['of a client that there is not', rsa.token({ client_id: JTI, sub: JTI })],
    ['of another workspace than its client', rsa.token({ wid: OTHER })],
    ['that is a session', sessionToken()],
  ])('%s', async (_, credential) => {
    const { check, recorded, errors } = given();
    // A good one first: what is remembered of it helps no other.
    expect(await check()).toMatchObject({ allowed: true });
    expect(await check({ credential })).toMatchObject({ allowed: false, status: 401, reason: 'unknown' });
    expect([recorded.length, errors]).toEqual([2, []]);
  });

  function changed(claims: object): string {
    const [head = '', , signature = ''] = TOKEN.split('.');
    return `${head}.${part({ ...CLAIMS, ...claims })}.${signature}`;
  }

  it('where it is in another spelling of the same bytes', async () => {
    const { check } = given();
    // 256 bytes leave two bits of the last character that mean nothing.
    const last = TOKEN.charCodeAt(TOKEN.length - 1);
    const respelt = `${TOKEN.slice(0, -1)}${String.fromCharCode(last + 1)}`;
    const [bytes, others] = [TOKEN, respelt].map((one) => Buffer.from(one.split('.')[2] ?? '', 'base64url'));
    expect(others).toEqual(bytes);
    expect(await check({ credential: respelt })).toMatchObject({ reason: 'unknown' });
  });

  it('in place of a session, and a session in place of it', async () => {
    const live = liveSession();
    live.put(rsa.id, rsa.subject);
    live.put(CLIENT, activeClient);
    const { check } = given({}, live);
    expect(await check({ credential: sessionToken() })).toMatchObject({ principal: { kind: 'session' } });
    const asSession = rsa.token({ sid: CLIENT, jti: `${CLIENT}.1` }, { typ: 'session+jwt' });
    expect(await check({ credential: asSession })).toMatchObject({ reason: 'unknown' });
    const asToken = sessionToken().replace(/^[^.]+/, part({ alg: 'HS256', typ: 'at+jwt', kid: rsa.id }));
    expect(await check({ credential: asToken })).toMatchObject({ reason: 'unknown' });
  });
});

it('what its owner tells of a signing key is not believed where it is another key', async () => {
  const live = liveClient([]);
  live.put(rsa.id, new TestSigningKey('RS256').subject);
  const { check, errors } = given({}, live);
  expect(await check()).toMatchObject({ reason: 'unavailable' });
  expect(errors).toMatchObject([{ code: 'service.internal' }]);
});
