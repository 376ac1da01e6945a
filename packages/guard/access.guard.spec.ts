import { connect } from 'node:net';
import {
  Body,
  Catch,
  Controller,
  Delete,
  Get,
  Module,
  Post,
  Req,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { CheckRequest, CheckResult, Principal } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CheckClient } from './check-client';
import { CurrentPrincipal, OWN_ASSETS, Public, Requires } from './decorators';
import { GuardModule } from './guard.module';
import { routesOf } from './guarded-routes';
import { accessTokenOf } from './principal';
import { allowed, PRINCIPAL } from './testing/check-results';

const denied = (reason: NonNullable<CheckResult['reason']>, status: number, more: Partial<CheckResult> = {}) => ({
  ...allowed,
  allowed: false,
  reason,
  status,
  principal: null,
  ...more,
});

/** Knows the key `good`, and remembers what it was asked. */
class TestClient implements CheckClient {
  asked: CheckRequest[] = [];
  answer: (request: CheckRequest) => Promise<CheckResult> = (request) =>
    Promise.resolve(
      request.credential === 'good' ? allowed : denied(request.credential === '' ? 'missing' : 'unknown', 401),
    );

  check(request: CheckRequest): Promise<CheckResult> {
    this.asked.push(request);
    return this.answer(request);
  }
}

@Controller('things')
class ThingsController {
  @Get()
  @Requires({ scopes: ['assets:read'] })
  list(@CurrentPrincipal() principal: Principal) {
    return { principal };
  }

  @Post()
  @Requires({
    scopes: ['assets:write'],
    forms: ['bearer', 'x-api-key', 'body', 'query'],
    asset: (request) => (request.body as { asset?: string } | undefined)?.asset,
  })
  add(@Body() body: unknown, @Req() request: FastifyRequest) {
    return { body, query: request.query, url: request.url, original: request.originalUrl };
  }

  @Get(':id')
  @Requires({ scopes: ['assets:read'], credentials: ['session'] })
  get() {
    return 'never';
  }

  @Get('token/of-the-call')
  @Requires({ scopes: [], counts: false })
  token(@Req() request: FastifyRequest) {
    return { jti: accessTokenOf(request)?.jti ?? null };
  }

  @Delete(':id')
  @Requires({ scopes: [], secondFactor: 'required' })
  remove() {
    return { removed: true };
  }

  @Get(':id/parts')
  @Requires({ scopes: ['assets:read'], asset: OWN_ASSETS })
  parts() {
    return { parts: [] };
  }

  @Get('forgotten')
  forgotten() {
    return 'never';
  }
}

@Controller('open')
@Public()
class OpenController {
  @Get()
  open() {
    return { open: true };
  }

  @Post('signin')
  @Public({ ownPagesOnly: true })
  signIn() {
    return { open: true };
  }

  @Get('closed')
  @Requires({ scopes: [] })
  closed() {
    return 'never';
  }
}

/** Shows the error itself; the envelope is the business of the application. */
@Catch(AppError)
class ShowCode implements ExceptionFilter<AppError> {
  catch(error: AppError, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    void reply.code(418).send({ code: error.code, public: error.public, retryAfter: error.retryAfterSeconds });
  }
}

describe('the access guard', () => {
  const client = new TestClient();
  let app: NestFastifyApplication;

  beforeAll(async () => {
    @Module({
      imports: [
        GuardModule.forRoot({
          client,
          timeoutMs: 50,
          trustedProxies: ['127.0.0.1'],
          trustedOrigins: ['https://console.example.com'],
          tenantDomain: 'Example.com',
        }),
      ],
      controllers: [ThingsController, OpenController],
      providers: [{ provide: APP_FILTER, useClass: ShowCode }],
    })
    class AppModule {}

    app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  const fresh = new TestClient();
  beforeEach(() => {
    client.asked = [];
    client.answer = fresh.answer;
  });

  const call = (url: string, headers: Record<string, string | string[]> = {}, payload?: object) =>
    app.inject({ method: payload ? 'POST' : 'GET', url, headers, ...(payload && { payload }) });
  const good = { authorization: 'Bearer good' };

  /** As it stands on the wire: no client library tidies the address up. */
  const rawStatus = (method: string, target: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const { port } = app.getHttpServer().address() as { port: number };
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(`${method} ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`),
      );
      let reply = '';
      socket.on('data', (chunk) => (reply += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(Number(/^HTTP\/1.1 (\d+)/.exec(reply)?.[1])));
    });

  describe('a client', () => {
    const id = '01900000-0000-7000-8000-0000000000c1';
    const jti = '01900000-0000-7000-8000-0000000000e1';
    const claims = { iss: 'i', aud: 'a', sub: id, client_id: id, jti, iat: 1, exp: 2, scope: '', wid: id, gen: 1 };
    const token = [{ alg: 'RS256', typ: 'at+jwt', kid: 'k'.repeat(43) }, claims, 'signature']
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const bearer = { authorization: `Bearer ${token}` };
    beforeEach(() => {
      const principal: Principal = { ...PRINCIPAL, kind: 'client', id, secret_id: jti };
      client.answer = () => Promise.resolve({ ...allowed, principal });
    });

    it('shows its access token to the handler, and a key shows none', async () => {
      expect((await call('/things/token/of-the-call', bearer)).json()).toEqual({ jti });
      client.answer = () => Promise.resolve(allowed);
      expect((await call('/things/token/of-the-call', good)).json()).toEqual({ jti: null });
    });

    it('does not reach what is for sessions', async () => {
      expect((await call('/things/7', bearer)).json()).toMatchObject({ code: 'auth.forbidden' });
    });
  });

  it('denies every route of the router without a credential, however its address is spelt', async () => {
    const routes = routesOf(app);
    expect(routes.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'DELETE /things/:id',
      'GET /open',
      'GET /open/closed',
      'GET /things',
      'GET /things/:id',
      'GET /things/:id/parts',
      'GET /things/forgotten',
      'GET /things/token/of-the-call',
      'HEAD /open',
      'HEAD /open/closed',
      'HEAD /things',
      'HEAD /things/:id',
      'HEAD /things/:id/parts',
      'HEAD /things/forgotten',
      'HEAD /things/token/of-the-call',
      'POST /open/signin',
      'POST /things',
    ]);
    for (const { method, path } of routes.filter((route) => !['/open', '/open/signin'].includes(route.path))) {
      const address = path.replace(':id', '7');
      const spellings = [
        address,
        `${address}/`,
        `/${address}`,
        address.toUpperCase(),
        `${address}?a=1`,
        `/%2e${address}`,
        `/.${address}`,
        `/x/..${address}`,
        `/x/%2e%2e${address}`,
        `http://b${address}`,
        `${address}%2f`,
        `${address}#a`,
        `${address};a=1`,
        `/%${address.charCodeAt(1).toString(16)}${address.slice(2)}`,
      ];
      for (const target of spellings) {
        const status = await rawStatus(method, target);
        // 404: another address. 418: denied (see `ShowCode`). Never the handler, never a failure.
        expect([`${method} ${target}`, [404, 418].includes(status)]).toEqual([`${method} ${target}`, true]);
      }
    }
  });

  it('closes a route that declares nothing, even to a good credential', async () => {
    expect((await call('/things/forgotten', good)).json()).toMatchObject({ code: 'auth.forbidden' });
  });

  it('opens public routes, and lets a method close what its class opens', async () => {
    expect((await call('/open')).json()).toEqual({ open: true });
    expect((await call('/open/closed')).json()).toMatchObject({ code: 'auth.unauthorized' });
  });

  it('asks with all that it knows of the call, and gives the handler its principal', async () => {
    const headers = { 'x-forwarded-for': '6.6.6.6, 203.0.113.9', 'user-agent': `curl/8.5.0 ${'x'.repeat(1_000)}` };
    const reply = await call('/things?page=1', { ...good, ...headers });
    expect(reply.json()).toEqual({ principal: PRINCIPAL });
    expect(client.asked).toEqual([
      {
        ...{ credential: 'good', scopes: ['assets:read'], method: 'GET', path: '/things', ip: '203.0.113.9' },
        // As much as a check takes.
        user_agent: `curl/8.5.0 ${'x'.repeat(389)}`,
      },
    ]);
  });

  it('does not know where a call comes from that has so many headers that some may have been dropped', async () => {
    const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, place) => [`x-${place}`, '']));
    await call('/things', { ...good, ...many });
    expect(client.asked).toMatchObject([{ credential: 'good' }]);
    expect(client.asked[0]).not.toHaveProperty('ip');
  });

  it('says which workspace the host names, where it names one', async () => {
    for (const host of ['acme.example.com', 'acme.example.com:8080', 'example.com', 'example.org'])
      await call('/things', { ...good, host });
    expect(client.asked.map(({ tenant }) => tenant)).toEqual(['acme', 'acme', undefined, undefined]);
  });

  it('says of a route that is never to wait that it counts for no limit', async () => {
    await call('/things/token/of-the-call', good);
    await call('/things', good);
    expect(client.asked.map(({ cost }) => cost)).toEqual([0, undefined]);
  });

  it('says beside the asset, not in its place, that a route keeps to the assets of its caller', async () => {
    await call('/things/7/parts', good);
    await call('/things', good, { asset: '*' });
    expect(client.asked).toMatchObject([{ own_assets: true }, { asset: '*' }]);
    expect(client.asked.map((asked) => Object.keys(asked).filter((name) => name.endsWith('own_assets')))).toEqual([
      ['own_assets'],
      [],
    ]);
  });

  it('tells nobody a key that stands in the address', async () => {
    await call('/things/s4e_live_a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6', good);
    expect(client.asked).toMatchObject([{ path: '/things/s4e_live_[secret]' }]);
  });

  it('passes the headers of the check on, whether it allows or denies', async () => {
    expect((await call('/things', good)).headers).toMatchObject({ 'x-ratelimit-remaining': '99' });
    client.answer = () =>
      Promise.resolve(denied('rate_limited', 429, { retry_after: 7, headers: { 'Retry-After': '7' } }));
    const reply = await call('/things', good);
    expect(reply.headers['retry-after']).toBe('7');
    expect(reply.json()).toMatchObject({ code: 'auth.rate_limited', retryAfter: 7 });
  });

  it('names the scheme on a 401', async () => {
    expect((await call('/things')).headers['www-authenticate']).toBe('Bearer');
  });

  it.each(['missing', 'unknown', 'revoked', 'expired', 'suspended'] as const)(
    'says the same to a caller whose credential is %s (C17)',
    async (reason) => {
      client.answer = () => Promise.resolve(denied(reason, 401));
      expect((await call('/things', good)).json()).toEqual({
        code: 'auth.unauthorized',
        public: 'Invalid or expired API key.',
      });
    },
  );

  it.each([
    ['ip_not_allowed', 403, 'auth.forbidden'],
    ['scope_missing', 403, 'auth.forbidden'],
    ['asset_not_allowed', 403, 'auth.forbidden'],
    ['mfa_required', 403, 'auth.mfa_required'],
    ['token_expired', 401, 'auth.token_expired'],
    ['multiple_credentials', 400, 'request.multiple_credentials'],
    ['unavailable', 503, 'auth.unavailable'],
  ] as const)('answers %s with its own code', async (reason, status, code) => {
    client.answer = () => Promise.resolve(denied(reason, status));
    expect((await call('/things', good)).json()).toMatchObject({ code });
  });

  it('lets nobody pass when the check throws, hangs, or contradicts itself', async () => {
    const answers: TestClient['answer'][] = [
      () => Promise.reject(new Error('connection reset')),
      () => new Promise(() => undefined),
      () => Promise.resolve({ ...allowed, principal: null }),
      () => Promise.resolve({ ...allowed, allowed: false, reason: null }),
    ];
    for (const answer of answers) {
      client.answer = answer;
      expect((await call('/things', good)).json()).toMatchObject({ code: 'auth.unavailable' });
    }
  });

  it('takes the credential kinds that the route takes (C18)', async () => {
    expect((await call('/things/7', good)).json()).toMatchObject({
      code: 'auth.forbidden',
      public: 'This takes a session, not an API key.',
    });
  });

  it('refuses two different credentials, and takes the same one twice (C4)', async () => {
    const two = [
      call('/things', { ...good, 'x-api-key': 'other' }),
      call('/things', { authorization: ['Bearer good', 'Bearer other'] }),
      call('/things', { 'x-api-key': ['good', 'other'] }),
      call('/things', good, { token: 'other' }),
    ];
    const codes = (await Promise.all(two)).map((reply) => reply.json<{ code: string }>().code);
    expect(codes).toEqual(two.map(() => 'request.multiple_credentials'));
    expect(client.asked).toEqual([]);
    expect((await call('/things', { ...good, 'x-api-key': 'good' })).statusCode).toBe(200);
  });

  it('takes a credential out of the body before the handler sees it', async () => {
    const reply = await call('/things?page=1', {}, { token: 'good', asset: 'example.com' });
    expect(reply.json()).toMatchObject({ body: { asset: 'example.com' } });
    expect(client.asked).toMatchObject([{ credential: 'good', asset: 'example.com', scopes: ['assets:write'] }]);
  });

  it('takes a credential out of the query and of the address, however it is spelt', async () => {
    const reply = await call('/things?a=1&token=x.y.z&%74oken=x.y.z&b=2', {}, {});
    expect(client.asked[0]?.credential).not.toBe('');
    expect(reply.body).not.toContain('x.y.z');
    client.answer = () => Promise.resolve(allowed);
    expect((await call('/things?a=1&token=x.y.z&b=2', {}, {})).json()).toMatchObject({
      query: { a: '1', b: '2' },
      url: '/things?a=1&b=2',
      original: '/things?a=1&b=2',
    });
  });

  it('ignores forms that the route does not take', async () => {
    expect((await call('/things?token=good')).json()).toMatchObject({ code: 'auth.unauthorized' });
    expect(client.asked).toMatchObject([{ credential: '' }]);
  });

  describe('a session', () => {
    const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln';
    const cookie = `theme=dark; token=${TOKEN}`;
    const remove = (headers: Record<string, string>) => app.inject({ method: 'DELETE', url: '/things/7', headers });
    const codeOf = (reply: { json: () => unknown }) => (reply.json() as { code?: string }).code;

    beforeEach(() => {
      client.answer = () => Promise.resolve({ ...allowed, principal: { ...PRINCIPAL, kind: 'session' } });
    });

    it('is taken from the cookie', async () => {
      expect((await call('/things', { cookie })).statusCode).toBe(200);
      expect(client.asked).toMatchObject([{ credential: TOKEN }]);
      expect((await call('/things/7', { cookie })).body).toBe('never');
    });

    it('may have to have shown a second factor', async () => {
      await remove({ cookie });
      await call('/things', { cookie });
      expect(client.asked.map((asked) => asked.second_factor)).toEqual(['required', undefined]);
    });

    it.each<[string, Record<string, string>]>([
      ['a foreign page', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
      ['a page of a neighbouring origin', { 'sec-fetch-site': 'same-site', origin: 'https://www.example.com' }],
      ['a foreign page in an older browser', { origin: 'https://evil.example' }],
      ['a page that hides its origin', { origin: 'null' }],
    ])('changes nothing for %s, and nobody is asked', async (_, headers) => {
      expect(codeOf(await remove({ cookie, ...headers }))).toBe('auth.cross_site');
      expect(client.asked).toEqual([]);
      // It reads, as a browser shows no answer to a page of another origin; and in a header no browser sends it by itself.
      expect((await call('/things', { cookie, ...headers })).statusCode).toBe(200);
      expect((await remove({ authorization: `Bearer ${TOKEN}`, ...headers })).statusCode).toBe(200);
    });

    it.each<[string, Record<string, string>]>([
      ['of the service itself', { 'sec-fetch-site': 'same-origin' }],
      ['of its own origin, in an older browser', { origin: 'https://api.example.com', host: 'api.example.com' }],
      ['of a trusted origin', { 'sec-fetch-site': 'same-site', origin: 'https://console.example.com' }],
    ])('is taken from a page %s', async (_, headers) => {
      expect((await remove({ cookie, ...headers })).statusCode).toBe(200);
    });

    it('cannot be opened by a foreign page, which would put its visitor into a session of its own', async () => {
      const signIn = (headers: Record<string, string>) => call('/open/signin', headers, {});
      expect(codeOf(await signIn({ 'sec-fetch-site': 'cross-site' }))).toBe('auth.cross_site');
      expect((await signIn({ 'sec-fetch-site': 'same-origin' })).statusCode).toBe(201);
      expect((await signIn({})).statusCode).toBe(201);
    });
  });
});
