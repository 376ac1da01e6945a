import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { CheckRequest, KeySubject } from '@latchkey/contracts';
import { createLogger, createService, type Service } from '@latchkey/platform';
import { everyCaller, type Callers, type CallerVerdict } from '../../application/callers';
import { createCallers, createCheckAccess, EnforcementModule } from '../../enforcement.module';
import { KEY, liveWorkspace, newSecret, resolverOf, USER, WORKSPACE } from '../../testing/keys';
import { activeSession, SESSION, sessionToken } from '../../testing/sessions';

const SECRET = newSecret();
const OTHER = newSecret();
const bearer = { authorization: `Bearer ${SECRET}` };

describe('forward-auth', () => {
  const services: Service[] = [];
  afterEach(async () => {
    for (const service of services.splice(0)) await service.stop();
  });

  async function serving(key: Partial<KeySubject> = {}, callers?: (parts: Parts) => Callers) {
    const live = liveWorkspace(key);
    const parts: Parts = {
      ...{ liveAccess: live, resolver: resolverOf(SECRET, OTHER), onError: () => {}, host: '0.0.0.0' },
      refusals: { refused: () => {}, unrecorded: () => {} },
    };
    const access = createCheckAccess({ ...parts, decisions: { count: () => {} } });
    const asked: CheckRequest[] = [];
    const check = access.checkFor.bind(access);
    access.checkFor = (caller, request) => {
      asked.push(request);
      return check(caller, request);
    };
    const service = await createService({
      name: 'enforcement',
      module: EnforcementModule.register({ access, callers: callers?.(parts) ?? everyCaller }),
      config: { host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.1'] },
      logger: createLogger({ service: 'enforcement', level: 'silent' }),
    });
    services.push(service);
    const call = (query = '', headers: Record<string, string | string[]> = bearer, method = 'GET') =>
      service.fastify.inject({ method: method as 'GET', url: `/v1/forward-auth${query}`, headers });
    return { call, live, asked, service };
  }
  type Parts = Parameters<typeof createCallers>[0];

  it('lets a call pass with 200, no body, who calls, and what is left of the limits', async () => {
    const { call } = await serving();
    const passed = await call('?scope=read:assets&scope=write:scans');
    expect([passed.statusCode, passed.body]).toEqual([200, '']);
    expect(passed.headers).toMatchObject({
      'x-auth-principal-id': KEY,
      'x-auth-principal-kind': 'api_key',
      'x-auth-workspace-id': WORKSPACE,
      'x-auth-user-id': USER,
      'x-auth-name': 'CI%2FCD%20Pipeline%20Key',
      'x-auth-scopes': 'read:assets write:scans',
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '99',
      'cache-control': 'no-store',
    });
  });

  it('tells the caller that its secret is an old one, and the record what the caller calls itself', async () => {
    const secrets = [
      { number: 1, graceUntilMs: Date.UTC(2026, 3, 30), replacedAtMs: Date.UTC(2026, 3, 28) },
      { number: 2, graceUntilMs: null },
    ];
    const { call, asked } = await serving({ secrets });
    for (const query of ['', '?scope=no:such', '?scope=no:such&statuses=nginx']) {
      const { headers } = await call(query, { ...bearer, 'user-agent': 'x'.repeat(1_000) });
      expect(headers).toMatchObject({ deprecation: '@1777334400', sunset: 'Thu, 30 Apr 2026 00:00:00 GMT' });
    }
    expect(asked.map(({ user_agent: agent }) => agent)).toEqual(Array.from({ length: 3 }, () => 'x'.repeat(400)));
  });

  it('asks with what the proxy says of the call', async () => {
    const { call, asked } = await serving();
    await call('?scope=assets:read&tenant=acme&action=list&own_assets=true');
    expect(asked).toMatchObject([{ scopes: ['assets:read'], tenant: 'acme', action: 'list', own_assets: true }]);
  });

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('is asked with %s alike', async (method) => {
    const { call } = await serving();
    expect((await call('?scope=assets:read', bearer, method)).statusCode).toBe(200);
    expect((await call('?scope=assets:read', {}, method)).statusCode).toBe(401);
  });

  it.each<[number, string, Record<string, string>, Partial<KeySubject>]>([
    [401, '', {}, {}],
    [401, '', { authorization: 'Bearer x' }, {}],
    [401, '', bearer, { status: 'revoked' }],
    [403, '?scope=findings:write', bearer, {}],
    [403, '?scope=no:such', bearer, {}],
    [403, '', { ...bearer, 'x-forwarded-for': '198.51.100.1' }, { allowedIps: ['203.0.113.0/24'] }],
    [403, '?scope=assets:read&asset=b', bearer, { assets: ['a'] }],
    [429, '?cost=101', bearer, {}],
    [400, '', { ...bearer, 'x-api-key': OTHER }, {}],
  ])('answers %i to %j with %j', async (status, query, headers, key) => {
    const { call } = await serving(key);
    const denied = await call(query, headers);
    expect(denied.statusCode).toBe(status);
    expect(denied.headers['content-type']).toContain('application/problem+json');
    expect(denied.json()).toMatchObject({ status });
    expect(Object.keys(denied.headers).filter((name) => name.startsWith('x-auth-'))).toEqual([]);
    expect(denied.headers['www-authenticate'] !== undefined).toBe(status === 401);
    expect(denied.headers['retry-after'] !== undefined).toBe(status === 429);
  });

  it('answers nginx 200, 401 and 403 alone, and tells the status in a header', async () => {
    const { call, live } = await serving();
    const outcome = async (query: string, headers: Record<string, string> = bearer) => {
      const answer = await call(`?statuses=nginx${query}`, headers);
      return [answer.statusCode, answer.headers['x-auth-status'], answer.headers['retry-after'], answer.body];
    };
    expect(await outcome('')).toEqual([200, undefined, undefined, '']);
    expect(await outcome('', {})).toEqual([401, '401', undefined, '']);
    expect(await outcome('&scope=findings:write')).toEqual([403, '403', undefined, '']);
    expect(await outcome('&cost=101')).toEqual([403, '429', '2', '']);
    expect(await outcome('', { ...bearer, 'x-api-key': OTHER })).toEqual([403, '400', undefined, '']);
    live.available = false;
    expect(await outcome('')).toEqual([403, '503', '1', '']);
  });

  it.each<[string, CallerVerdict['verdict'] | Error, number, string]>([
    ['its caller is not known', 'unauthenticated', 401, '401'],
    ['its caller may not ask', 'forbidden', 403, '403'],
    ['nobody can tell who asks', 'unavailable', 403, '503'],
    ['to ask who asks fails', new Error('hunter2'), 403, '500'],
  ])('answers nginx so too where %s', async (_, verdict, code, told) => {
    const admit = () => {
      if (verdict instanceof Error) throw verdict;
      return { verdict } as CallerVerdict;
    };
    const { call } = await serving({}, () => ({ admit }));
    const answer = await call('?statuses=nginx');
    expect([answer.statusCode, answer.headers['x-auth-status'], answer.body]).toEqual([code, told, '']);
    expect(answer.headers['retry-after'] !== undefined).toBe(told === '503');
    // The very same in full, without it.
    expect((await call()).statusCode).toBe(Number(told));
  });

  it('answers nginx so too where its own query is wrong, or the address is spelled differently', async () => {
    const { call, service } = await serving();
    for (const query of ['?statuses=nginx&cost=x', '?statuses=nginx&statuses=all']) {
      const answer = await call(query);
      expect([answer.statusCode, answer.headers['x-auth-status']]).toEqual([403, '400']);
    }
    const elsewhere = await service.fastify.inject('/v%31/forward-auth?statuses=nginx');
    expect([elsewhere.statusCode, elsewhere.headers['x-auth-status']]).toEqual([403, '404']);
  });

  describe('a session in the cookie', () => {
    const cookie = { cookie: `token=${sessionToken()}` };
    const servingSession = async () => {
      const { call, live, asked } = await serving();
      live.put(SESSION, activeSession);
      return { call, asked };
    };

    it('lets a call pass, and says whose it is', async () => {
      const { call } = await servingSession();
      const passed = await call('?scope=admin&second_factor=exempt', { ...cookie, 'x-forwarded-method': 'GET' });
      expect(passed.statusCode).toBe(200);
      expect(passed.headers).toMatchObject({
        'x-auth-principal-id': SESSION,
        'x-auth-principal-kind': 'session',
        'x-auth-user-id': USER,
        'x-auth-name': '',
      });
    });

    it('may have to have shown a second factor', async () => {
      const { call } = await servingSession();
      expect((await call('?second_factor=required', cookie)).json()).toMatchObject({ code: 'auth.mfa_required' });
    });

    it.each<[number, string, Record<string, string>]>([
      [403, '', { 'x-forwarded-method': 'POST', 'sec-fetch-site': 'cross-site' }],
      [403, '', { 'x-original-method': 'DELETE', origin: 'https://evil.example', 'x-forwarded-host': 'a.example' }],
      [403, '', { 'sec-fetch-site': 'cross-site' }],
      [200, '', { 'x-forwarded-method': 'GET', 'sec-fetch-site': 'cross-site' }],
      [200, '', { 'x-forwarded-method': 'POST', 'sec-fetch-site': 'same-origin' }],
      [200, '', { 'x-forwarded-method': 'POST', origin: 'https://a.example', 'x-forwarded-host': 'a.example' }],
      [200, '?origin=https://b.example', { 'x-forwarded-method': 'POST', origin: 'https://b.example' }],
      [200, '', { 'x-forwarded-method': 'POST' }],
    ])('gets %i with %j from a page that is told by %j', async (status, query, headers) => {
      const { call, asked } = await servingSession();
      expect((await call(query, { ...cookie, ...headers })).statusCode).toBe(status);
      expect(asked).toHaveLength(status === 200 ? 1 : 0);
    });
  });

  describe('the credential', () => {
    it.each<[string, Record<string, string | string[]>]>([
      ['Authorization', bearer],
      ['X-API-Key', { 'x-api-key': SECRET }],
      ['both alike', { ...bearer, 'x-api-key': SECRET }],
    ])('is taken from %s', async (_, headers) => {
      expect((await (await serving()).call('', headers)).statusCode).toBe(200);
    });

    it.each<[string, Record<string, string | string[]>]>([
      ['in Authorization twice', { authorization: [`Bearer ${SECRET}`, `Bearer ${OTHER}`] }],
      ['in two headers', { ...bearer, 'x-api-key': OTHER }],
      ['in a cookie too', { ...bearer, cookie: 'token=a.b.c' }],
      ['in two cookies', { cookie: 'token=a.b.c; token=a.b.d' }],
    ])('is refused when there are two different ones: %s', async (_, headers) => {
      const { call, asked } = await serving();
      expect((await call('', headers)).statusCode).toBe(400);
      expect(asked).toEqual([]);
    });

    it('is looked for in the forms alone that the proxy names', async () => {
      const { call, asked } = await serving();
      await call('?form=x-api-key', { ...bearer });
      await call('?form=query', { 'x-forwarded-uri': '/a?token=h.p.s' });
      await call('', { 'x-forwarded-uri': '/a?token=h.p.s' });
      await call('?form=cookie', { ...bearer, cookie: 'token=h.p.s' });
      expect(asked.map(({ credential }) => credential)).toEqual(['', 'h.p.s', '', 'h.p.s']);
    });

    it('is no API key where only session tokens go', async () => {
      const { call } = await serving();
      expect((await call('?form=query', { 'x-forwarded-uri': `/a?token=${SECRET}` })).statusCode).toBe(401);
      expect((await call('', { cookie: `token=${SECRET}` })).statusCode).toBe(401);
    });
  });

  describe('the call', () => {
    it.each([
      ['Traefik and Caddy', { 'x-forwarded-method': 'POST', 'x-forwarded-uri': '/a/b?c=d' }],
      ['nginx', { 'x-original-method': 'POST', 'x-original-uri': '/a/b?c=d#e' }],
    ])('is recorded as %s tell it, without query and secrets', async (_, headers) => {
      const { call, asked } = await serving();
      await call('', { ...bearer, ...headers });
      await call('', { ...bearer, ...headers, [Object.keys(headers)[1] ?? '']: `/keys/${SECRET}?token=${SECRET}` });
      expect(asked).toMatchObject([
        { method: 'POST', path: '/a/b' },
        { method: 'POST', path: '/keys/s4e_live_[secret]' },
      ]);
    });

    it('is refused when it is told twice, and differently', async () => {
      const { call, asked } = await serving();
      for (const headers of [
        { 'x-forwarded-uri': '/a', 'x-original-uri': '/b' },
        { 'x-forwarded-uri': ['/a', '/b'] },
        { 'x-forwarded-method': 'GET', 'x-original-method': 'POST' },
      ])
        expect((await call('', { ...bearer, ...headers })).statusCode).toBe(400);
      expect(asked).toEqual([]);
      expect((await call('', { ...bearer, 'x-forwarded-uri': '/a', 'x-original-uri': '/a' })).statusCode).toBe(200);
    });

    it('came from the right-most address that is no trusted proxy (C15)', async () => {
      const { call, asked } = await serving();
      await call('', { ...bearer, 'x-forwarded-for': '203.0.113.9, 198.51.100.7, 127.0.0.1' });
      expect(asked[0]?.ip).toBe('198.51.100.7');
    });

    it('may have any body, which is not read', async () => {
      const { service } = await serving();
      const { http } = await service.start();
      const socket = connect(Number(new URL(http ?? '').port), '127.0.0.1');
      // Of a megabyte and more nothing follows: an answer that waited for it would never come.
      socket.write(
        `POST /v1/forward-auth HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${SECRET}\r\n` +
          'Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000000\r\n\r\n{"token":"x"',
      );
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
    });
  });

  it.each([
    '?scopes=read:assets',
    '?Scope=read:assets',
    '?scope=',
    '?scope',
    '?asset=a&asset=b',
    '?cost=0',
    '?cost=1e2',
    '?cost=1&cost=1',
    '?own_assets=yes',
    '?form=body',
    '?form=',
    '?statuses=apache',
    '?credential=x',
    '?ip=203.0.113.9',
    '?__proto__=x',
    '?scope=read:assets&x',
    `?${'scope=read:assets&'.repeat(51)}`,
  ])('refuses %s, as whoever wrote it meant something', async (query) => {
    const { call, asked } = await serving();
    expect((await call(query)).statusCode).toBe(400);
    expect(asked).toEqual([]);
  });

  it('keeps a name from being more than one header', async () => {
    const { call } = await serving({ name: 'a\r\nX-Auth-User-Id: root\u0000 é 🔑 \ud800%' });
    const passed = await call();
    expect(passed.statusCode).toBe(200);
    expect(passed.headers['x-auth-name']).toMatch(/^[A-Za-z0-9%_.!~*'()-]+$/);
    expect(decodeURIComponent(String(passed.headers['x-auth-name']))).toContain('a\r\nX-Auth-User-Id: root\u0000 é 🔑');
    expect(passed.headers['x-auth-user-id']).toBe(USER);
  });

  it('tells the assets to who filters by them, and lets none pass whose list it cannot tell', async () => {
    const own = '?scope=assets:read&own_assets=true';
    expect((await (await serving()).call(own)).headers['x-auth-assets']).toBe('*');
    const some = await (await serving({ assets: ['a.example', '*', 'b,c'] })).call(own);
    expect([some.statusCode, some.headers['x-auth-assets']]).toEqual([200, 'a.example,%2A,b%2Cc']);
    expect((await (await serving({ assets: ['a'.repeat(4_001)] })).call(own)).statusCode).toBe(403);
    expect((await (await serving()).call()).headers['x-auth-assets']).toBeUndefined();
  });

  it('tells a caller by X-Latchkey-Token, never by the credential of the call', async () => {
    const { call, asked } = await serving({ scopes: ['enforcement:check'] }, createCallers);
    expect((await call('', bearer)).statusCode).toBe(401);
    expect((await call('', { ...bearer, 'x-latchkey-token': newSecret() })).statusCode).toBe(401);
    expect((await call('', { 'x-latchkey-token': [SECRET, SECRET] })).statusCode).toBe(401);
    expect(asked).toEqual([]);
    expect((await call('', { 'x-latchkey-token': SECRET })).statusCode).toBe(401);
    expect(asked).toMatchObject([{ credential: '' }]);
    expect((await call('', { ...bearer, 'x-latchkey-token': SECRET })).statusCode).toBe(200);
  });
});
