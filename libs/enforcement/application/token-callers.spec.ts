import { AppError } from '@latchkey/kernel';
import type { KeySubject } from '@latchkey/contracts';
import { CredentialTable } from '../adapters/credential-table';
import { nodeSha256 } from '../adapters/node-sha256';
import { createCallers } from '../enforcement.module';
import { CLIENT, JTI, liveClient, TERMS, TestSigningKey } from '../testing/access-tokens';
import { activeKey, KEY, liveWorkspace, newSecret, resolverOf, WORKSPACE } from '../testing/keys';
import { liveSession, sessionToken } from '../testing/sessions';
import type { PresentedCaller } from './callers';
import { CredentialDirectory } from './credential-directory';
import { PresentedCredentials } from './presented-credentials';
import type { RefusedAttempt } from './refused-callers';
import { TokenCallers } from './token-callers';

const TOKEN = newSecret();
const serviceKey = { scopes: ['enforcement:check'] };

function given(key: Partial<KeySubject> = {}, { open = false } = {}) {
  const live = liveWorkspace({ ...serviceKey, ...key });
  const resolver = resolverOf(TOKEN);
  const errors: unknown[] = [];
  const refused: RefusedAttempt[] = [];
  const asked = { times: 0 };
  const parts = {
    credentials: new PresentedCredentials({
      keys: new CredentialDirectory(resolver, new CredentialTable(10)),
      sha256: nodeSha256,
    }),
    liveAccess: {
      decide: <Denial>(query: Parameters<typeof live.decide<Denial>>[0]) => {
        asked.times += 1;
        return live.decide(query);
      },
    },
    refusals: { refused: (attempt: RefusedAttempt) => refused.push(attempt) },
    onError: (error: unknown) => errors.push(error),
  };
  const callers = new TokenCallers(parts, open);
  const admit = (caller: Partial<PresentedCaller> = {}) =>
    callers.admit({ authorization: `Bearer ${TOKEN}`, certificate: null, ...caller });
  return { admit, live, resolver, errors, refused, asked, parts };
}

const secret = { workspaceId: WORKSPACE, keyId: KEY, number: 1 };
const admitted = { verdict: 'admitted', workspaceId: WORKSPACE, caller: { kind: 'token', secret } };
const byCertificate = { verdict: 'admitted', workspaceId: null, caller: { kind: 'certificate', name: 'assets-api' } };
const onThisMachine = { verdict: 'admitted', workspaceId: null, caller: { kind: 'local' } };
const nothing = { authorization: undefined };

describe('who shows no token', () => {
  it('may ask about everything with a certificate of the installation, else nothing', () => {
    expect(given().admit({ ...nothing, certificate: 'assets-api' })).toEqual(byCertificate);
    expect(given().admit(nothing)).toEqual({ verdict: 'unauthenticated' });
  });

  it('may ask where nobody but this machine can', () => {
    expect(given({}, { open: true }).admit(nothing)).toEqual(onThisMachine);
  });
});

describe('who shows a service token', () => {
  it('may ask about its workspace alone, a certificate and an open address notwithstanding', async () => {
    expect(await given().admit()).toEqual(admitted);
    expect(await given().admit({ certificate: 'assets-api' })).toEqual(admitted);
    expect(await given({}, { open: true }).admit()).toEqual(admitted);
  });

  it.each<[string, Partial<KeySubject>]>([
    ['revoked', { status: 'revoked' }],
    ['suspended', { status: 'suspended' }],
    ['expired', { expiresAtMs: 1 }],
    ['of a secret that was rotated away', { secrets: [{ number: 2, graceUntilMs: null }] }],
  ])('is nobody when it is %s, on an open address too', async (_, key) => {
    expect(await given(key).admit()).toEqual({ verdict: 'unauthenticated' });
    expect(await given(key, { open: true }).admit({ certificate: 'assets-api' })).toEqual({
      verdict: 'unauthenticated',
    });
  });

  it.each([
    ['', 'nothing'],
    ['Bearer', 'no token'],
    ['Basic dTpw', 'another scheme'],
    [`Bearer ${TOKEN} ${TOKEN}`, 'two tokens'],
    [`Bearer ${TOKEN}x`, 'a typo'],
    [`Bearer ${newSecret()}`, 'an unknown one'],
    [TOKEN, 'a bare one'],
  ])('is nobody with %j: %s', async (authorization) => {
    expect(await given({}, { open: true }).admit({ authorization, certificate: 'assets-api' })).toEqual({
      verdict: 'unauthenticated',
    });
  });

  it('may not ask without the scope, nor from an address that the token is not for', async () => {
    expect(await given({ scopes: ['assets:read'] }).admit()).toEqual({ verdict: 'forbidden' });
    const bound = { allowedIps: ['203.0.113.0/24'] };
    expect(await given(bound).admit({ ip: '203.0.113.9' })).toEqual(admitted);
    expect(await given(bound).admit({ ip: '198.51.100.1' })).toEqual({ verdict: 'forbidden' });
    expect(await given(bound).admit()).toEqual({ verdict: 'forbidden' });
  });

  it('may ask with the admin scope, which covers every other', async () => {
    expect(await given({ scopes: ['admin:full'] }).admit()).toEqual(admitted);
  });

  it('is stopped by no limit of its own, and uses none up', async () => {
    const { admit, live } = given({ plan: 'standard' });
    for (let call = 0; call < 150; call += 1) expect(await admit()).toEqual(admitted);
    expect(live.counted.size).toBe(0);
  });

  it('is refused from the next call on when it is revoked', async () => {
    const { admit, live } = given();
    expect(await admit()).toEqual(admitted);
    live.put(KEY, { ...activeKey, ...serviceKey, status: 'revoked' });
    expect(await admit()).toEqual({ verdict: 'unauthenticated' });
  });

  it('is looked at once for all calls of a turn of the event loop', async () => {
    const { admit, asked } = given();
    const verdicts = await Promise.all(Array.from({ length: 1_000 }, async () => admit()));
    expect(verdicts).toEqual(verdicts.map(() => admitted));
    expect(asked.times).toBe(1);
  });

  it('is not let in by a look that began before its call came', async () => {
    const { admit, live } = given();
    await admit();
    const before = admit();
    // Everything that can happen at once has happened, and the turn of the event loop goes on.
    for (let step = 0; step < 100; step += 1) await Promise.resolve();
    live.put(KEY, { ...activeKey, ...serviceKey, status: 'revoked' });
    const after = admit();
    expect(await after).toEqual({ verdict: 'unauthenticated' });
    await before;
  });

  it('shares no answer with another address', async () => {
    const { admit } = given({ allowedIps: ['203.0.113.9'] });
    const [inside, outside] = await Promise.all([admit({ ip: '203.0.113.9' }), admit({ ip: '198.51.100.1' })]);
    expect([inside, outside]).toEqual([admitted, { verdict: 'forbidden' }]);
  });

  it('is told "not now" while nobody can say, and a fault is reported', async () => {
    const dark = given();
    dark.live.available = false;
    expect(await dark.admit()).toEqual({ verdict: 'unavailable' });
    const without = (error: Error) => {
      const { parts, errors } = given();
      const callers = new TokenCallers({ ...parts, credentials: { find: () => Promise.reject(error) } }, true);
      return { errors, verdict: callers.admit({ authorization: `Bearer ${TOKEN}`, certificate: null }) };
    };
    expect(await without(new AppError('service.unavailable')).verdict).toEqual({ verdict: 'unavailable' });
    const broken = without(new TypeError('a fault of ours'));
    expect(await broken.verdict).toEqual({ verdict: 'unavailable' });
    expect(broken.errors).toHaveLength(1);
  });
});

describe('who shows an access token (S1-10)', () => {
  const signingKey = new TestSigningKey('ES256');
  const callersOf = (live: ReturnType<typeof liveClient>) =>
    createCallers({
      ...{ liveAccess: live, resolver: resolverOf(), accessTokens: { ...TERMS, owners: live }, host: '0.0.0.0' },
      refusals: { refused: () => {}, unrecorded: () => {} },
      onError: () => {},
    });
  const admit = (live: ReturnType<typeof liveClient>, token: string) =>
    callersOf(live).admit({ authorization: `Bearer ${token}`, certificate: null, ip: '203.0.113.9' });

  it('may ask about its workspace by the scope that keys need', async () => {
    const secret = { workspaceId: WORKSPACE, clientId: CLIENT, jti: JTI };
    const live = liveClient([signingKey]);
    expect(await admit(live, signingKey.token({ scope: 'enforcement:check' }))).toEqual({
      ...admitted,
      caller: { kind: 'token', secret },
    });
    expect(await admit(live, signingKey.token({ scope: 'read:assets' }))).toEqual({ verdict: 'forbidden' });
  });

  it('is nobody once it is revoked, and with a session', async () => {
    const live = liveClient([signingKey], { tokenGeneration: 2 });
    expect(await admit(live, signingKey.token({ scope: 'enforcement:check' }))).toEqual({ verdict: 'unauthenticated' });
    expect(await admit(liveSession(), sessionToken())).toEqual({ verdict: 'unauthenticated' });
  });
});

describe('a caller that may not ask', () => {
  const ip = '198.51.100.1';
  const credential = { workspaceId: WORKSPACE, keyId: KEY, secretNumber: 1 };

  it.each<[string, Partial<KeySubject>, Partial<PresentedCaller>, Partial<RefusedAttempt>]>([
    ['missing', {}, nothing, { credential: null }],
    ['unknown', {}, { authorization: `Bearer ${newSecret()}` }, { credential: null }],
    ['unknown', {}, { authorization: 'Basic dTpw' }, { credential: null }],
    ['revoked', { status: 'revoked' }, {}, { credential }],
    ['expired', { expiresAtMs: 1 }, {}, { credential }],
    ['scope_missing', { scopes: [] }, {}, { credential }],
    ['ip_not_allowed', { allowedIps: ['203.0.113.9'] }, {}, { credential }],
  ])('is reported with the true reason: %s', async (reason, key, caller, expected) => {
    const { admit, refused } = given(key);
    await admit({ ip, ...caller });
    expect(refused).toEqual([{ reason, ip, calls: 1, ...expected }]);
  });

  it('is reported while nobody can say who it is', async () => {
    const { admit, live, refused } = given();
    live.available = false;
    await admit();
    expect(refused).toMatchObject([{ reason: 'unavailable', credential }]);
  });

  it('is reported once for what it shows in one turn of the event loop, with how often; who may ask is not', async () => {
    const { admit, refused } = given();
    await Promise.all([...Array(5)].map(async () => admit({ authorization: 'Bearer x' })));
    await admit();
    expect(refused).toMatchObject([{ reason: 'unknown', calls: 5 }]);
  });
});
