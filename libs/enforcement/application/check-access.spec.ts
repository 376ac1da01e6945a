import { AppError, workspaceId, type Clock, type WorkspaceId } from '@latchkey/kernel';
import type { CheckRequest, Decision, KeySubject } from '@latchkey/contracts';
import { useForeignPrefixes } from '@latchkey/access';
import { createCheckAccess } from '../enforcement.module';
import { activeKey, KEY, liveWorkspace, newSecret, resolverOf, USER, WORKSPACE } from '../testing/keys';
import type { ScriptedLiveAccess } from '../testing/scripted-live-access';
import { certifiedCaller, UNRESTRICTED } from './callers';
import { CheckAccess } from './check-access';

const SECRET = newSecret();

function given(key: Partial<KeySubject> = {}, live: ScriptedLiveAccess = liveWorkspace(key)) {
  const outcomes: string[] = [];
  const errors: unknown[] = [];
  const resolver = resolverOf(SECRET);
  const access = createCheckAccess({
    liveAccess: live,
    resolver,
    decisions: { count: (outcome) => outcomes.push(outcome) },
    onError: (error) => errors.push(error),
  });
  const check = (request: Partial<CheckRequest> = {}) => access.check({ credential: SECRET, ...request });
  return { access, live, resolver, outcomes, errors, check };
}

const REPLACED_AT_MS = Date.UTC(2026, 3, 28, 11, 30, 0, 999);

/** A key with two secrets, the first in its grace period. */
function givenRotated(graceUntilMs: number, key: Partial<KeySubject> = {}) {
  const secrets = [
    { number: 1, graceUntilMs, replacedAtMs: REPLACED_AT_MS },
    { number: 2, graceUntilMs: null },
  ];
  const [first, second] = [newSecret(), newSecret()];
  const access = createCheckAccess({
    liveAccess: liveWorkspace({ ...key, secrets }),
    resolver: resolverOf(first, second),
    decisions: { count: () => {} },
    onError: () => {},
  });
  return { first, second, access };
}

/** With its last character changed to another of the alphabet. */
const mistyped = (secret: string) => secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0');

describe('a check that allows', () => {
  it('says who calls, in the spelling of the profile, and what is left of the limits', async () => {
    const { check, live } = given();
    const minuteFromNow = live.nowMs / 1_000 + 60;
    expect(await check({ scopes: ['read:assets'], ip: '203.0.113.9' })).toEqual({
      allowed: true,
      reason: null,
      status: 200,
      principal: {
        kind: 'api_key',
        id: KEY,
        secret_id: `${KEY}.1`,
        workspace_id: WORKSPACE,
        user_id: USER,
        name: 'CI/CD Pipeline Key',
        scopes: ['read:assets', 'write:scans'],
        assets: 'all',
      },
      limits: [{ name: 'minute', limit: 100, remaining: 99, reset_at: minuteFromNow }],
      headers: {
        'X-RateLimit-Limit': '100',
        'X-RateLimit-Remaining': '99',
        'X-RateLimit-Reset': String(minuteFromNow),
        'RateLimit-Policy': '"minute";q=100;w=60',
        RateLimit: '"minute";r=99;t=60',
      },
      checked_at: '2026-04-28T12:00:00.000Z',
      via: 'cache',
    });
  });

  it('takes a scope in any spelling of the profile', async () => {
    const { check } = given();
    for (const scope of ['read:assets', 'assets:read'])
      expect(await check({ scopes: [scope] })).toMatchObject({ allowed: true });
  });

  it('takes a key from elsewhere that begins as the operator has said, and asks nobody about another', async () => {
    const [foreign, other] = ['acme_live_0123456789abcdef', 'other_live_0123456789abcdef'];
    const resolver = resolverOf(foreign, other);
    const access = createCheckAccess({
      liveAccess: liveWorkspace({ secrets: [1, 2].map((number) => ({ number, graceUntilMs: null })) }),
      resolver,
      decisions: { count: () => {} },
      onError: () => {},
    });
    useForeignPrefixes(['acme_live_']);
    const said = [await access.check({ credential: foreign }), await access.check({ credential: other })];
    useForeignPrefixes([]);
    expect(said).toMatchObject([{ allowed: true }, { allowed: false, reason: 'unknown' }]);
    expect(resolver.asked).toBe(1);
  });

  it('takes both secrets of a rotated key in its grace period', async () => {
    const { first, second, access } = givenRotated(Date.UTC(2026, 3, 30));
    for (const credential of [first, second])
      expect(await access.check({ credential })).toMatchObject({ allowed: true, principal: { id: KEY } });
  });

  it('tells whoever shows the old secret since when it is old, and when it stops; of the new one it tells nothing', async () => {
    const { first, second, access } = givenRotated(Date.UTC(2026, 3, 30));
    const told = async (credential: string, request: Partial<CheckRequest> = {}) => {
      const { status, headers } = await access.check({ credential, ...request });
      return [status, headers['Deprecation'], headers['Sunset']];
    };
    const old = ['@1777375800', 'Thu, 30 Apr 2026 00:00:00 GMT'];
    expect(await told(first)).toEqual([200, ...old]);
    expect(await told(first, { scopes: ['admin'] })).toEqual([403, ...old]);
    expect(await told(first, { cost: 1_000 })).toEqual([429, ...old]);
    expect(await told(second)).toEqual([200, undefined, undefined]);
  });

  it('tells that the old secret stops with its key, where that ends first; nothing of one that has stopped', async () => {
    const soon = givenRotated(Date.UTC(2026, 3, 30), { expiresAtMs: Date.UTC(2026, 3, 29) });
    expect((await soon.access.check({ credential: soon.first })).headers['Sunset']).toBe(
      'Wed, 29 Apr 2026 00:00:00 GMT',
    );
    const past = givenRotated(Date.UTC(2026, 3, 28, 11));
    expect((await past.access.check({ credential: past.first })).headers).toEqual({
      'WWW-Authenticate': 'Bearer error="invalid_token"',
    });
  });

  it('shows no limits on a plan that has none', async () => {
    expect(await given({ plan: 'unlimited' }).check()).toMatchObject({ allowed: true, limits: [], headers: {} });
  });

  it('uses up as much of the limit as the call costs', async () => {
    expect(await given().check({ cost: 7 })).toMatchObject({ limits: [{ remaining: 93 }] });
  });
});

describe('a check that denies', () => {
  const PAST = Date.UTC(2026, 3, 28, 11, 59, 59);

  it.each<[string, number, Partial<KeySubject>, Partial<CheckRequest>]>([
    ['missing', 401, {}, { credential: '' }],
    ['unknown', 401, {}, { credential: 'hello' }],
    ['unknown', 401, {}, { credential: mistyped(SECRET) }],
    ['unknown', 401, {}, { credential: newSecret() }],
    ['revoked', 401, { status: 'revoked' }, {}],
    ['suspended', 401, { status: 'suspended' }, {}],
    ['expired', 401, { expiresAtMs: PAST }, {}],
    ['ip_not_allowed', 403, { allowedIps: ['203.0.113.0/24'] }, { ip: '198.51.100.50' }],
    ['ip_not_allowed', 403, { allowedIps: ['203.0.113.0/24'] }, {}],
    ['scope_missing', 403, {}, { scopes: ['read:assets', 'write:assets'] }],
    ['scope_missing', 403, {}, { scopes: ['no:such'] }],
    ['asset_not_allowed', 403, { assets: ['example.com'] }, { asset: 'example.org', scopes: ['read:assets'] }],
  ])('%s is a %d (%j, asked %j)', async (reason, status, key, request) => {
    const { check, outcomes } = given(key);
    const result = await check(request);
    expect(result).toMatchObject({ allowed: false, reason, status, limits: [] });
    expect(outcomes).toEqual([reason]);
  });

  it('the first secret is refused when its grace period is over, the second passes', async () => {
    const { first, second, access } = givenRotated(PAST);
    expect(await access.check({ credential: first })).toMatchObject({ allowed: false, status: 401 });
    expect(await access.check({ credential: second })).toMatchObject({ allowed: true });
  });

  it.each<[string, (live: ScriptedLiveAccess) => void]>([
    [
      'its user',
      (live) =>
        live.put(USER, { kind: 'user', status: 'suspended', roles: { [WORKSPACE]: 'owner' }, sessionGeneration: 0 }),
    ],
    [
      'its workspace',
      (live) =>
        live.put(WORKSPACE, {
          kind: 'workspace',
          status: 'suspended',
          name: 'Acme',
          profile: 's4e',
          formerMembersKeys: 'end',
          secondFactor: 'optional',
        }),
    ],
  ])('a key is refused while %s is suspended', async (_, suspend) => {
    const { check, live } = given();
    suspend(live);
    expect(await check()).toMatchObject({ allowed: false, status: 401, reason: 'suspended' });
  });

  it('says nothing about the key on a 401: no principal, and one challenge whatever the reason', async () => {
    const results = await Promise.all([
      given({ status: 'revoked' }).check(),
      given({ expiresAtMs: PAST }).check(),
      given().check({ credential: newSecret() }),
    ]);
    for (const result of results) {
      expect(result).toMatchObject({
        principal: null,
        headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
      });
    }
    expect((await given().check({ credential: '' })).headers).toEqual({ 'WWW-Authenticate': 'Bearer' });
  });

  it('says whose key it was on a 403, and does not ask for other credentials', async () => {
    const result = await given().check({ scopes: ['admin'] });
    expect(result).toMatchObject({ status: 403, principal: { id: KEY }, headers: {} });
  });

  it('does not count a denied call', async () => {
    const { check, live } = given();
    await check({ scopes: ['admin'] });
    await check({ credential: newSecret() });
    expect(live.counted.size).toBe(0);
  });

  it('a wrong secret cannot burn the budget of a key', async () => {
    const { check } = given();
    for (let call = 0; call < 150; call += 1) await check({ credential: mistyped(SECRET) });
    expect(await check()).toMatchObject({ allowed: true, limits: [{ remaining: 99 }] });
  });

  it('does not ask anybody about a text that cannot be a key', async () => {
    const { check, resolver } = given();
    for (const credential of ['', 'hello', mistyped(SECRET), ` ${SECRET}`, `${SECRET}\n`]) await check({ credential });
    expect(resolver.asked).toBe(0);
  });

  it('rate_limited is a 429 that says when to come back', async () => {
    const { check } = given();
    for (let call = 0; call < 100; call += 1) expect((await check()).allowed).toBe(true);
    expect(await check()).toMatchObject({
      allowed: false,
      reason: 'rate_limited',
      status: 429,
      principal: { id: KEY },
      limits: [{ name: 'minute', limit: 100, remaining: 0 }],
      retry_after: 2,
      headers: { 'Retry-After': '2', 'X-RateLimit-Remaining': '0', RateLimit: '"minute";r=0;t=60' },
    });
  });
});

describe('a check that nobody can answer', () => {
  const unavailable = {
    allowed: false,
    reason: 'unavailable',
    status: 503,
    principal: null,
    retry_after: 1,
    headers: { 'Retry-After': '1' },
  };

  it('is a 503 while live state cannot say', async () => {
    const { check, live, errors } = given();
    expect((await check()).allowed).toBe(true);
    live.available = false;
    expect(await check()).toMatchObject(unavailable);
    expect(errors).toEqual([]);
  });

  it('is a 503 while the owner of the credentials cannot say', async () => {
    const access = createCheckAccess({
      liveAccess: liveWorkspace(),
      resolver: { resolve: () => Promise.reject(new AppError('service.unavailable')) },
      decisions: { count: () => {} },
      onError: () => {},
    });
    expect(await access.check({ credential: SECRET })).toMatchObject(unavailable);
  });

  it('is a 503, and is reported, when something fails that nobody expects', async () => {
    const live = liveWorkspace();
    live.decide = () => Promise.reject(new TypeError('a fault of ours'));
    const { check, errors } = given({}, live);
    expect(await check()).toMatchObject(unavailable);
    expect(errors).toHaveLength(1);
  });

  it('is a 503 when live state allows without saying whose key it was', async () => {
    const live = liveWorkspace();
    live.decide = async () => ({ kind: 'allowed', windows: [], nowMs: live.nowMs, via: 'cache', subjects: [] });
    expect(await given({}, live).check()).toMatchObject({ ...unavailable, principal: null });
  });
});

it('remembers whose a secret is, and still sees every change of the key', async () => {
  const { check, live, resolver } = given();
  expect((await check()).allowed).toBe(true);
  live.put(KEY, { ...activeKey, status: 'revoked' });
  expect(await check()).toMatchObject({ reason: 'revoked' });
  expect(resolver.asked).toBe(1);
});

it('takes its time from its clock where live state was not asked', async () => {
  const clock: Clock = { now: () => new Date('2030-01-01T00:00:00Z') };
  const live = liveWorkspace();
  const parts = {
    liveAccess: live,
    clock,
    decisions: { count: () => {} },
    onError: () => {},
  };
  const access = new CheckAccess({ ...parts, credentials: { find: async () => 'unknown' } });
  expect((await access.check({ credential: '' })).checked_at).toBe('2030-01-01T00:00:00.000Z');
});

describe('a caller that is restricted to one workspace', () => {
  const ofWorkspace = (id: WorkspaceId) => ({ ...UNRESTRICTED, workspaceId: id });

  it('is told about credentials of that workspace', async () => {
    const { access } = given();
    expect(await access.checkFor(ofWorkspace(WORKSPACE), { credential: SECRET })).toMatchObject({ allowed: true });
  });

  it('cannot tell those of another from those that do not exist, whatever became of them, and counts no call', async () => {
    const { access, live } = given();
    const other = ofWorkspace(workspaceId('01900000-0000-7000-8000-0000000000ff'));
    const ofNobody = await access.checkFor(other, { credential: newSecret() });
    for (const status of ['active', 'suspended', 'revoked'] as const) {
      live.put(KEY, { ...activeKey, status });
      const hidden = await access.checkFor(other, { credential: SECRET, scopes: ['read:assets'] });
      expect({ ...hidden, checked_at: '' }).toEqual({ ...ofNobody, checked_at: '' });
    }
    expect(live.counted.size).toBe(0);
  });
});

describe('the record of a check', () => {
  const ASKER = certifiedCaller('assets-api');
  const recordOf = async (key: Partial<KeySubject>, request: Partial<CheckRequest> = {}) => {
    const recorded: Decision[] = [];
    const access = createCheckAccess({
      liveAccess: liveWorkspace(key),
      resolver: resolverOf(SECRET),
      decisions: { count: () => {} },
      record: { record: (decision) => recorded.push(decision) },
      onError: () => {},
    });
    await access.checkFor(ASKER, { credential: SECRET, ...request });
    return recorded;
  };
  const secret = { workspaceId: WORKSPACE, keyId: KEY, number: 1 };

  it('says all that the caller said of the call, and nothing of its credential', async () => {
    const call = { ip: '203.0.113.9', asset: 'example.com', action: 'scan', cost: 3, method: 'GET', path: '/a' };
    const recorded = await recordOf({}, { ...call, user_agent: 'curl/8.5.0', scopes: ['read:assets'] });
    expect(recorded).toEqual([
      {
        ...{ ...call, userAgent: 'curl/8.5.0', scopes: ['read:assets'], secret, caller: ASKER.caller },
        ...{ timeMs: expect.any(Number), outcome: 'allowed', via: 'cache' },
      },
    ]);
    expect(JSON.stringify(recorded)).not.toContain(SECRET);
  });

  it.each<[string, object | null, Partial<KeySubject>, Partial<CheckRequest>]>([
    ['missing', null, {}, { credential: '' }],
    ['unknown', null, {}, { credential: newSecret() }],
    ['revoked', secret, { status: 'revoked' }, {}],
    ['expired', secret, { expiresAtMs: 1 }, {}],
    ['scope_missing', secret, {}, { scopes: ['admin'] }],
  ])('tells the true reason, %s, whose the credential is, %j, and who asked', async (outcome, whose, key, request) => {
    expect(await recordOf(key, request)).toMatchObject([{ outcome, secret: whose, caller: ASKER.caller }]);
  });
});
