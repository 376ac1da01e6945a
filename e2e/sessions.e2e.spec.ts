import { eventually } from '@latchkey/testing';
import { Client } from 'pg';
import { call, callerOf, type Answer, type Call } from './harness/http';
import { OWNER, startSystem, WAYS_OF_RUNNING, type System } from './harness/system';
import { Tester } from './harness/tester';

const START_MS = 180_000;
const HOUR_MS = 3_600_000;

interface SessionRecord {
  readonly id: string;
  readonly current: boolean;
  readonly opened_at: string;
  readonly idle_until: string;
  readonly expires_at: string;
  readonly user_agent: string | null;
}

describe.each(WAYS_OF_RUNNING)('sessions on %s', (way) => {
  let system: System;
  let tester: Tester;
  beforeAll(async () => {
    const env = { LATCHKEY_SESSION_LIFE_HOURS: '48', TRUSTED_ORIGINS: 'https://console.example.com' };
    system = await startSystem(way, { profile: 's4e', env });
    tester = new Tester(system);
  }, START_MS);
  afterAll(() => system?.stop(), START_MS);

  const s4e = (path: string, options: Omit<Call, 'path'> = {}) =>
    call(system.url, { method: 'POST', path: `/api/user/auth/${path}`, ...options });
  const login = () => s4e('login', { body: OWNER });
  const tokenOf = (answer: Answer) => answer.json<{ data: { token: string } }>().data.token;
  const signIn = async () => tokenOf(await login());
  const cookie = (token: string) => ({ cookie: `token=${token}` });
  const current = async (token: string) =>
    (await callerOf(system.url, token)('GET', '/api/v1/sessions/current')).json<SessionRecord>();
  const everywhere = (answer: string) => tester.everywhere(answer);
  const error = (answer: Answer) => [answer.status, answer.json<{ error: { code: string } }>().error.code];

  /** As if so much time had passed, for a session that no node has asked for yet. */
  async function letIdle(id: string, untilMs: number): Promise<void> {
    const client = new Client({ connectionString: system.databaseUrl });
    await client.connect();
    await client.query(
      `UPDATE identity.subject_state SET body = body || jsonb_build_object('idleUntilMs', $2::bigint)
        WHERE kind = 'session' AND id = $1`,
      [id, untilMs],
    );
    await client.end();
  }
  const idOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sid: string }).sid;

  it('S2-01 a call is authenticated by Bearer token, X-API-Key header or session cookie', async () => {
    const { key } = await tester.createS4eKey({ scopes: ['read:assets'] });
    const token = await signIn();
    for (const headers of [{ authorization: `Bearer ${key}` }, { 'x-api-key': key }, cookie(token)]) {
      expect((await tester.getAssets(headers)).status).toBe(200);
    }
    expect(error(await tester.getAssets({}))).toEqual([401, 'unauthorized']);
  });

  it('S1-13 S2-05 what a login sets as a cookie named "token" is what a browser sends on', async () => {
    const answer = await login();
    const [pair = ''] = String(answer.headers['set-cookie']).split(';');
    expect(pair).toBe(`token=${tokenOf(answer)}`);
    expect((await tester.getAssets({ cookie: `theme=dark; ${pair}` })).status).toBe(200);
    expect((await call(system.url, { path: '/api/keys', headers: { cookie: pair } })).status).toBe(200);
  });

  it('S2-06 the token is taken as ?token= where the documents say so, an API key is not', async () => {
    const token = await signIn();
    const { key } = await tester.createS4eKey({ scopes: ['read:assets'] });
    const status = async (path: string, url = system.assetsUrl) => (await call(url, { path })).status;
    expect(await status(`/api/assets?token=${token}`)).toBe(200);
    expect(await status(`/api/assets?token=${key}`)).toBe(401);
    expect(await status(`/api/keys?token=${token}`, system.url)).toBe(200);
    expect(await status(`/api/v1/api-keys?token=${token}`, system.url)).toBe(401);
  });

  it('S1-16 S2-07 lives 24 hours unless it is used, and no longer than the configuration says', async () => {
    const { opened_at, idle_until, expires_at } = await current(await signIn());
    const since = (time: string) => (Date.parse(time) - Date.parse(opened_at)) / HOUR_MS;
    expect(since(idle_until)).toBeCloseTo(24, 2);
    expect(since(expires_at)).toBeCloseTo(48, 2);
  });

  it('S1-16 is extended by being used', async () => {
    const token = await signIn();
    const before = Date.now();
    await letIdle(idOf(token), before + HOUR_MS);
    expect((await tester.getAssets(cookie(token))).status).toBe(200);
    await eventually(
      async () => expect(Date.parse((await current(token)).idle_until)).toBeGreaterThanOrEqual(before + 23 * HOUR_MS),
      { timeoutMs: 10_000 },
    );
  });

  it('S1-16 S2-12 S2-13 has to be opened anew after it was idle for too long', async () => {
    const token = await signIn();
    await letIdle(idOf(token), Date.now() - 1);
    const answer = await tester.getAssets(cookie(token));
    expect([answer.status, answer.json()]).toEqual([
      401,
      { status: 'error', error: { code: 'token_expired', message: 'Session token has expired.' } },
    ]);
    expect(await tester.checks(token)).toEqual(everywhere('401 token_expired'));
    expect(error(await s4e('refresh', { headers: cookie(token) }))).toEqual([401, 'unauthorized']);
  });

  it('S2-07 S2-08 is renewed by the cookie: a new token, and the one before is over on every node', async () => {
    const token = await signIn();
    expect(await tester.checks(token)).toEqual(everywhere('200'));
    const answer = await s4e('refresh', { headers: cookie(token) });
    const next = tokenOf(answer);
    expect([answer.status, answer.json()]).toEqual([200, { status: 'success', data: { token: next } }]);
    expect(String(answer.headers['set-cookie'])).toMatch(
      new RegExp(`^token=${next}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=1\\d{5}$`),
    );
    expect(next).not.toBe(token);
    expect(await tester.checks(token)).toEqual(everywhere('401 revoked'));
    expect(await tester.checks(next)).toEqual(everywhere('200'));
    // A second tab, a moment later (C32).
    expect(error(await s4e('refresh', { headers: cookie(token) }))).toEqual([409, 'conflict']);
    const tooSoon = await s4e('refresh', { headers: cookie(next) });
    expect([tooSoon.status, Number(tooSoon.headers['retry-after']) > 50]).toEqual([429, true]);
    expect(await tester.checks(next)).toEqual(everywhere('200'));
  });

  it('C32 is renewed once by many at once, and lives', async () => {
    const token = await signIn();
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => callerOf(system.url, token)('POST', '/api/v1/sessions/current/refresh')),
    );
    const winners = answers.filter(({ status }) => status === 200);
    expect([winners.length, answers.filter(({ status }) => status === 409).length]).toEqual([1, 39]);
    const { token: next = '' } = winners[0]?.json<{ token: string }>() ?? {};
    expect(await tester.checks(next)).toEqual(everywhere('200'));
  });

  it('S2-07 S2-09 is over on every node when a logout has answered', async () => {
    const token = await signIn();
    expect(await tester.checks(token)).toEqual(everywhere('200'));
    const answer = await s4e('logout', { headers: cookie(token) });
    expect([answer.status, answer.json()]).toMatchObject([200, { status: 'success' }]);
    expect(String(answer.headers['set-cookie'])).toMatch(/^token=; .*Max-Age=0$/);
    expect(await tester.checks(token)).toEqual(everywhere('401 revoked'));
    expect(error(await tester.getAssets(cookie(token)))).toEqual([401, 'unauthorized']);
    expect(error(await s4e('logout'))).toEqual([401, 'unauthorized']);
  });

  it('is not accepted by any node once its logout has answered, while all of them are asked all the time', async () => {
    for (let round = 0; round < 4; round += 1) {
      const token = await signIn();
      await tester.checks(token);
      let ended = false;
      const acceptedAfter: boolean[] = [];
      const asking = system.enforcementUrls.flatMap((url) =>
        Array.from({ length: 8 }, async () => {
          for (let more = true; more;) {
            more = !ended;
            const startedAfter = ended;
            const { allowed } = (await tester.checkAt(url, token)).json<{ allowed: boolean }>();
            if (startedAfter && allowed) acceptedAfter.push(true);
          }
        }),
      );
      expect((await s4e('logout', { headers: cookie(token) })).status).toBe(200);
      ended = true;
      await Promise.all(asking);
      expect(await tester.checks(token)).toEqual(everywhere('401 revoked'));
      expect(acceptedAfter).toEqual([]);
    }
  });

  it('is listed with all others of its user, ended by its user one by one, and with all others at once', async () => {
    const [here, there] = [await signIn(), await signIn()];
    const mine = callerOf(system.url, here);
    const list = async () => (await mine('GET', '/api/v1/sessions?limit=200')).json<{ items: SessionRecord[] }>().items;
    const shown = await list();
    expect(shown.filter((session) => session.current).map(({ id }) => id)).toEqual([idOf(here)]);
    expect(shown.map(({ id }) => id)).toContain(idOf(there));
    expect((await mine('DELETE', `/api/v1/sessions/${idOf(there)}`)).status).toBe(204);
    expect(await tester.checks(there)).toEqual(everywhere('401 revoked'));
    expect((await mine('GET', `/api/v1/sessions/${idOf(there)}`)).status).toBe(404);
    const [third, fourth] = [await signIn(), await signIn()];
    expect((await mine('DELETE', '/api/v1/sessions')).status).toBe(204);
    for (const token of [here, third, fourth]) expect(await tester.checks(token)).toEqual(everywhere('401 revoked'));
  });

  it('is nothing that an API key has, and knows who it is', async () => {
    expect((await tester.asAdmin('GET', '/api/v1/sessions')).status).toBe(403);
    const me = await call(system.url, { path: '/api/v1/me', credential: await signIn() });
    expect([me.status, me.json()]).toMatchObject([200, { kind: 'session' }]);
  });

  describe('a page of another site', () => {
    let token: string;
    beforeAll(async () => {
      token = await signIn();
    });

    const foreign: readonly (readonly [string, Record<string, string>])[] = [
      ['in a new browser', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
      ['in an old browser', { origin: 'https://evil.example' }],
      ['in a frame without an origin', { origin: 'null' }],
      ['with a form', { 'sec-fetch-site': 'cross-site', 'content-type': 'application/x-www-form-urlencoded' }],
      ['with plain text', { 'sec-fetch-site': 'cross-site', 'content-type': 'text/plain' }],
    ];

    it.each(foreign)('%s changes nothing by the cookie of its visitor', async (_, headers) => {
      const sent = { ...cookie(token), ...headers };
      const body = headers['content-type'] === undefined ? undefined : '{"name":"x","scopes":["read:assets"]}';
      const writes: readonly Call[] = [
        { method: 'DELETE', path: '/api/v1/sessions/current' },
        { method: 'DELETE', path: '/api/v1/sessions' },
        { method: 'POST', path: '/api/v1/sessions/current/refresh' },
        { method: 'POST', path: '/api/user/auth/refresh' },
        { method: 'POST', path: '/api/user/auth/logout' },
        { method: 'POST', path: '/api/keys' },
        { method: 'PATCH', path: '/api/v1/workspaces/current' },
      ];
      for (const write of writes) {
        const answer = await call(system.url, { ...write, headers: sent, body });
        expect([write.path, [403, 415].includes(answer.status)]).toEqual([write.path, true]);
      }
      expect(await tester.checks(token)).toEqual(everywhere('200'));
    });

    it('that is trusted does, and so does one of its own', async () => {
      for (const headers of [
        { 'sec-fetch-site': 'same-site', origin: 'https://console.example.com' },
        { 'sec-fetch-site': 'same-origin', origin: system.url },
        { origin: system.url },
      ]) {
        const path = '/api/v1/sessions/current/refresh';
        const fresh = cookie(await signIn());
        const answer = await call(system.url, { method: 'POST', path, headers: { ...fresh, ...headers } });
        expect(answer.status).toBe(200);
      }
    });
  });
});
