import type { CheckRequest, Decision, SessionSubject } from '@latchkey/contracts';
import { workspaceId } from '@latchkey/kernel';
import { createCheckAccess } from '../enforcement.module';
import { newSecret, resolverOf, USER, WORKSPACE } from '../testing/keys';
import { activeSession, liveSession, SESSION, sessionToken } from '../testing/sessions';
import { UNRESTRICTED } from './callers';

const TOKEN = sessionToken();
const OTHER = workspaceId('01900000-0000-7000-8000-0000000000ff');

function given(session: Partial<SessionSubject> = {}, live = liveSession(session)) {
  const recorded: Decision[] = [];
  const used: (readonly [string, number])[] = [];
  const resolver = resolverOf();
  const asked: string[] = [];
  const decide = live.decide.bind(live);
  live.decide = (query) => {
    asked.push(...query.subjects.map(({ kind }) => kind));
    return decide(query);
  };
  const access = createCheckAccess({
    liveAccess: live,
    resolver,
    decisions: { count: () => {} },
    record: { record: (decision) => recorded.push(decision) },
    activity: { note: (id, atMs) => used.push([id, atMs]) },
    onError: (error) => {
      throw error;
    },
  });
  const check = (request: Partial<CheckRequest> = {}) => access.check({ credential: TOKEN, ...request });
  return { access, live, resolver, asked, recorded, used, check };
}

describe('a check of a session', () => {
  it('says who calls, and what the role allows', async () => {
    const { check, live } = given();
    expect(await check({ scopes: ['admin'], ip: '203.0.113.9', asset: 'example.com' })).toMatchObject({
      allowed: true,
      status: 200,
      principal: {
        kind: 'session',
        id: SESSION,
        secret_id: `${SESSION}.1`,
        workspace_id: WORKSPACE,
        user_id: USER,
        name: '',
        scopes: ['admin'],
        assets: 'all',
      },
      limits: [],
      headers: {},
    });
    expect(live.counted.size).toBe(0);
  });

  it('sees every change of the session, of the role and of all sessions of the user', async () => {
    const { check, live } = given();
    const user = { kind: 'user', status: 'active', roles: { [WORKSPACE]: 'auditor' }, sessionGeneration: 0 } as const;
    live.put(USER, user);
    expect(await check({ scopes: ['admin'] })).toMatchObject({ status: 403, reason: 'scope_missing' });
    live.put(USER, { ...user, sessionGeneration: 1 });
    expect(await check()).toMatchObject({ status: 401, reason: 'revoked', principal: null });
    live.put(USER, user);
    live.put(SESSION, { ...activeSession, status: 'ended' });
    expect(await check()).toMatchObject({ status: 401, reason: 'revoked', principal: null });
  });

  it('says that the token has expired to who holds the one that was good, and to nobody else', async () => {
    const idle = { idleUntilMs: Date.UTC(2026, 3, 28, 11, 59) };
    expect(await given(idle).check()).toMatchObject({ status: 401, reason: 'token_expired', principal: null });
    const forged = TOKEN.slice(0, -4) + 'AAAA';
    expect(await given(idle).check({ credential: forged })).toMatchObject({ reason: 'unknown' });
  });

  it('asks for the session alone, and nobody for a key', async () => {
    const { check, asked, resolver } = given();
    await check({ credential: sessionToken(1, OTHER) });
    expect([asked, resolver.asked]).toEqual([['session'], 0]);
  });

  it('asks nobody about a text that cannot be a token', async () => {
    const { check, asked } = given();
    for (const credential of [`${TOKEN} `, TOKEN.split('.').slice(0, 2).join('.'), 'a.b.c', `x${TOKEN}`]) {
      expect(await check({ credential })).toMatchObject({ reason: 'unknown', via: 'memory' });
    }
    expect(asked).toEqual([]);
  });

  it('is unavailable while nobody can say', async () => {
    const { check, live, recorded } = given();
    live.available = false;
    expect(await check()).toMatchObject({ status: 503, reason: 'unavailable' });
    expect(recorded).toMatchObject([{ secret: null }]);
  });

  it('that only looks, at cost 0, does not use the session', async () => {
    const { check, used } = given();
    expect(await check({ cost: 0 })).toMatchObject({ allowed: true });
    expect(used).toEqual([]);
  });

  it('notes that the session was used, when it was allowed', async () => {
    const { check, used, live } = given();
    await check({ scopes: ['no:such'] });
    expect(used).toEqual([]);
    await check();
    expect(used).toEqual([[SESSION, live.nowMs]]);
  });
});

describe('the record of a check of a session', () => {
  const session = { workspaceId: WORKSPACE, sessionId: SESSION, number: 1 };

  it.each<[string, object | null, Partial<SessionSubject>, Partial<CheckRequest>]>([
    ['allowed', session, {}, {}],
    ['scope_missing', session, {}, { scopes: ['no:such'] }],
    ['revoked', session, { status: 'ended' }, {}],
    ['revoked', null, { tokenNumber: 2, tokenSha256: 'e'.repeat(64) }, {}],
    ['token_expired', session, { idleUntilMs: 0 }, {}],
    ['unknown', null, { tokenSha256: 'e'.repeat(64) }, {}],
  ])(
    'tells the true reason, %s, and whose session it is, where the token is its current one: %j',
    async (outcome, secret, subject, request) => {
      const { check, recorded } = given(subject);
      await check(request);
      expect(recorded).toMatchObject([{ outcome, secret }]);
      expect(JSON.stringify(recorded)).not.toContain(TOKEN);
    },
  );
});

it('a caller of another workspace cannot tell a session from none', async () => {
  const { access, asked } = given();
  const stranger = { ...UNRESTRICTED, workspaceId: OTHER };
  const hidden = await access.checkFor(stranger, { credential: TOKEN });
  const ofNobody = await access.checkFor(stranger, { credential: newSecret() });
  expect({ ...hidden, checked_at: '' }).toEqual({ ...ofNobody, checked_at: '' });
  expect(asked).toEqual([]);
});
