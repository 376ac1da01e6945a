import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { clientId } from '@latchkey/kernel';
import { AUDIENCE, ISSUER, TokenService, USER, WORKSPACE, type TestClient } from './testing/token-service';

const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const uuidOf = (number: number) => `01900000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const INVALID_CLIENT = { error: 'invalid_client', error_description: 'Client authentication failed.' };

describe('the token endpoint', () => {
  let service: TokenService;
  let client: TestClient;
  beforeAll(async () => {
    service = await TokenService.start();
    client = await service.register();
  });
  afterAll(() => service.stop());
  beforeEach(() => {
    // Whatever was counted is out of every window.
    service.clock.advance(120_000);
    service.recorded.length = 0;
  });

  const keySet = async () => createLocalJWKSet((await service.get('/.well-known/jwks.json')).body as JSONWebKeySet);
  const verified = async (token: string) =>
    jwtVerify(token, await keySet(), {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ['RS256'],
      currentDate: service.clock.now(),
    });

  it('answers the request of S1-08 with the reply of S1-09, which lives for the hour of S1-11', async () => {
    const body =
      `grant_type=client_credentials&client_id=${client.id}&client_secret=${client.secret}` +
      '&scope=assets:read scans:write';
    const reply = await service.post('/oauth/token', body);
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
    });
    const { access_token: token, ...rest } = reply.body;
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 3_600, scope: 'assets:read scans:write' });
    // {"alg":"RS256","typ":"JWT", as documented.
    expect(token).toMatch(/^eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIs/);
    const { payload } = await verified(token);
    const now = Math.floor(service.clock.now().getTime() / 1_000);
    expect(payload).toEqual({
      ...{ iss: ISSUER, aud: AUDIENCE, sub: client.id, client_id: client.id },
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ...{ iat: now, exp: now + 3_600, scope: 'assets:read scans:write', wid: WORKSPACE, gen: 1 },
    });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', typ: 'JWT', kid: expect.any(String) });
  });

  it('gives all scopes when none is asked for, each token an id of its own (S1-08)', async () => {
    const replies = [await service.token(client), await service.token(client, { scope: '' })];
    expect(replies.map(({ body }) => body.scope)).toEqual(Array(2).fill('assets:read scans:write'));
    expect(new Set(replies.map(({ body }) => decodeJwt(body.access_token).jti)).size).toBe(2);
  });

  it.each<[string, string, number, unknown]>([
    ['one of its scopes', 'scans:write', 200, 'scans:write'],
    ['the other spelling', 'write:scans read:assets', 200, 'write:scans read:assets'],
    ['one scope twice', 'assets:read read:assets', 200, 'assets:read'],
    ['a scope that it has not', 'assets:read assets:write', 400, 'The client does not have the scope assets:write.'],
    ['a scope that there is not', 'assets:read nothing:read', 400, 'There is no scope nothing:read.'],
    ['everything', 'admin:full', 400, 'The client does not have the scope admin:full.'],
    ['two spaces', 'assets:read  scans:write', 400, 'The scope is no list of names with one space between them.'],
    ['a quotation mark', 'a"b', 400, 'The scope is no list of names with one space between them.'],
  ])('never widens the scope, which may be %s', async (_, scope, status, expected) => {
    const reply = await service.token(client, { scope });
    expect(reply.status).toBe(status);
    if (status === 200) expect(reply.body.scope).toBe(expected);
    else expect(reply.body).toEqual({ error: 'invalid_scope', error_description: expected });
    expect(reply.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
  });

  it('gives part of a scope that is a sum, and all to whoever has the admin scope', async () => {
    const sum = await service.register({ scopes: ['actions:execute'] });
    expect((await service.token(sum, { scope: 'actions:write' })).body.scope).toBe('actions:write');
    const admin = await service.register({ scopes: ['admin:full'] });
    expect((await service.token(admin, { scope: 'assets:write oauth:write' })).status).toBe(200);
    expect((await service.token(admin)).body.scope).toBe('admin:full');
  });

  it('gives no more than the role of the member who registered it', async () => {
    service.setUser({ roles: { [WORKSPACE]: 'auditor' } });
    expect((await service.token(client)).body.scope).toBe('assets:read');
    expect((await service.token(client, { scope: 'scans:write' })).body.error).toBe('invalid_scope');
    service.setUser({ roles: {} });
    expect((await service.token(client)).body).toEqual(INVALID_CLIENT);
    service.setUser();
  });

  it('has tokens live as long as their application says (S1-16)', async () => {
    const short = await service.register({ tokenLifetimeSeconds: 60 });
    const { body } = await service.token(short);
    const { iat = 0, exp } = decodeJwt(body.access_token);
    expect([body.expires_in, exp]).toEqual([60, iat + 60]);
  });

  describe('takes a client that authenticates itself', () => {
    const form = { grant_type: 'client_credentials' };

    it.each<[string, (id: string, secret: string) => string]>([
      ['as it is', basic],
      [
        'percent-encoded (RFC 6749 §2.3.1)',
        (id, secret) => basic(id.replaceAll('-', '%2D'), secret.replaceAll('_', '%5F')),
      ],
    ])('by Basic, %s', async (_, header) => {
      const headers = { authorization: header(client.id, client.secret) };
      expect((await service.post('/oauth/token', form, { headers })).status).toBe(200);
      expect((await service.post('/oauth/token', { ...form, client_id: client.id }, { headers })).status).toBe(200);
      expect(service.recorded.map(({ method }) => method)).toEqual(['client_secret_basic', 'client_secret_basic']);
    });

    it.each<[string, string, Record<string, string>, (of: TestClient) => Record<string, string>]>([
      ['nothing', 'missing', {}, () => ({})],
      ['its id alone', 'missing', {}, ({ id }) => ({ client_id: id })],
      ['a secret that is none', 'unknown', {}, ({ id }) => ({ client_id: id, client_secret: 'guess' })],
      [
        'a secret with a typo',
        'unknown',
        {},
        ({ id, secret }) => ({ client_id: id, client_secret: `${secret.slice(0, -1)}?` }),
      ],
      ['the secret of another client', 'unknown', {}, ({ secret }) => ({ client_id: USER, client_secret: secret })],
      ['another scheme', 'missing', { authorization: 'Bearer abc' }, () => ({})],
      ['Basic that is wrong', 'unknown', { authorization: basic('a', 'b') }, () => ({})],
      ['Basic that is none', 'missing', { authorization: 'Basic %%%' }, () => ({})],
    ])('and no one by %s', async (_, outcome, headers, shown) => {
      const reply = await service.post('/oauth/token', { ...form, ...shown(client) }, { headers });
      expect([reply.status, reply.body]).toEqual([401, INVALID_CLIENT]);
      expect(reply.headers).toMatchObject({
        'www-authenticate': expect.stringMatching(/^Basic realm=/),
        'cache-control': 'no-store',
        pragma: 'no-cache',
      });
      expect(service.recorded).toMatchObject([{ outcome, clientId: null, jti: null, endpoint: 'token' }]);
    });

    it('from the addresses of its list alone', async () => {
      const bound = await service.register({ allowedIps: ['198.51.100.0/24'] });
      expect((await service.token(bound, {}, { ip: '198.51.100.7' })).status).toBe(200);
      const refused = await service.token(bound);
      expect([refused.status, refused.body.error]).toEqual([400, 'unauthorized_client']);
      expect(service.recorded[1]).toMatchObject({ outcome: 'ip_not_allowed', clientId: bound.id });
    });
  });

  it.each<[string, string | Record<string, string>, Record<string, string>, string]>([
    ['no grant_type', {}, {}, 'invalid_request'],
    ['another grant_type', { grant_type: 'password' }, {}, 'unsupported_grant_type'],
    ['the grant_type in capitals', { grant_type: 'CLIENT_CREDENTIALS' }, {}, 'unsupported_grant_type'],
  ])('refuses %s with the error of RFC 6749 §5.2', async (_, form, headers, error) => {
    const shown = { client_id: client.id, client_secret: client.secret };
    const reply = await service.post('/oauth/token', { ...shown, ...(form as object) }, { headers });
    expect([reply.status, reply.body.error]).toEqual([400, error]);
    expect(service.recorded).toMatchObject([{ outcome: error, clientId: client.id }]);
  });

  it.each<[string, (of: TestClient) => readonly [string, Record<string, string>], number]>([
    [
      'both Basic and a secret in the body',
      (of) => [
        `grant_type=client_credentials&client_id=${of.id}&client_secret=${of.secret}`,
        { authorization: basic(of.id, of.secret) },
      ],
      400,
    ],
    [
      'a parameter twice',
      (of) => [
        `grant_type=client_credentials&client_id=${of.id}&client_secret=${of.secret}&scope=assets:read&scope=scans:write`,
        {},
      ],
      400,
    ],
    [
      'a JSON body',
      (of) => [
        JSON.stringify({ grant_type: 'client_credentials', client_id: of.id, client_secret: of.secret }),
        { 'content-type': 'application/json' },
      ],
      400,
    ],
    [
      'a body of no type',
      (of) => [
        `grant_type=client_credentials&client_id=${of.id}&client_secret=${of.secret}`,
        { 'content-type': 'text/plain' },
      ],
      400,
    ],
    ['a broken escape', () => ['grant_type=client_credentials&client_id=%zz', {}], 400],
    ['a body of a megabyte', () => [`scope=${'a'.repeat(1_000_000)}`, {}], 413],
  ])('refuses %s as an invalid request', async (_, request, status) => {
    const [body, headers] = request(client);
    const reply = await service.post('/oauth/token', body, { headers });
    expect([reply.status, reply.body.error]).toEqual([status, 'invalid_request']);
    expect(reply.headers).toMatchObject({ 'cache-control': 'no-store' });
  });

  it('takes forms at its own address alone: any page can send one', async () => {
    const form = 'name=a&scopes=assets:read';
    expect((await service.post('/api/v1/oauth-applications', form)).status).not.toBe(201);
    expect((await service.post('/nowhere', form)).status).toBe(404);
  });

  it('is POST alone', async () => {
    const reply = await service.get('/oauth/token');
    expect([reply.status, reply.headers['allow']]).toEqual([405, 'POST']);
  });

  describe('refuses at once', () => {
    const gone = async (...events: Parameters<TokenService['change']>[1][]) => {
      const one = await service.register();
      expect((await service.token(one)).status).toBe(200);
      await service.change(one.id, ...events);
      return { one, reply: await service.token(one) };
    };
    const at = '2026-04-28T12:00:00.000Z';

    it('a client that is suspended, till it is resumed', async () => {
      const { one, reply } = await gone({
        type: 'latchkey.client.suspended.v1',
        data: { reason: 'x', suspendedAt: at },
      });
      expect([reply.status, reply.body]).toEqual([401, INVALID_CLIENT]);
      expect(service.recorded.at(-1)).toMatchObject({ outcome: 'suspended', clientId: one.id });
      await service.change(one.id, { type: 'latchkey.client.resumed.v1', data: { resumedAt: at } });
      expect((await service.token(one)).status).toBe(200);
    });

    it('a client that is deleted', async () => {
      const { reply } = await gone({ type: 'latchkey.client.deleted.v1', data: { reason: 'x', deletedAt: at } });
      expect([reply.status, reply.body]).toEqual([401, INVALID_CLIENT]);
      expect(service.recorded.at(-1)).toMatchObject({ outcome: 'revoked' });
    });

    it('a client whose workspace is suspended', async () => {
      service.setWorkspace({ status: 'suspended' });
      expect((await service.token(client)).body).toEqual(INVALID_CLIENT);
      service.setWorkspace();
    });
  });

  it('issues tokens of the client’s present generation', async () => {
    const one = await service.register();
    const data = { generation: 2, reason: 'x', endedAt: '2026-04-28T12:00:00.000Z' };
    await service.change(one.id, { type: 'latchkey.client.tokens_ended.v1', data });
    expect(decodeJwt((await service.token(one)).body.access_token)['gen']).toBe(2);
  });

  it('is unavailable while nobody can say whether the client is good', async () => {
    service.liveAccess.available = false;
    const reply = await service.token(client);
    service.liveAccess.available = true;
    expect([reply.status, reply.body.error, reply.headers['retry-after']]).toEqual([
      503,
      'temporarily_unavailable',
      '1',
    ]);
    expect(service.recorded).toMatchObject([{ outcome: 'unavailable', clientId: client.id }]);
  });

  it('records each token that was issued, and nothing of what proved the client', async () => {
    const { body } = await service.token(client, {}, { headers: { 'user-agent': 'job/1.0' } });
    const { jti, exp = 0 } = decodeJwt(body.access_token);
    expect(service.recorded).toEqual([
      {
        timeMs: service.clock.now().getTime(),
        ...{ outcome: 'issued', endpoint: 'token', method: 'client_secret_post' },
        ...{ clientId: client.id, workspaceId: WORKSPACE, jti, scopes: ['assets:read', 'scans:write'] },
        ...{ expiresAtMs: exp * 1_000, ip: '203.0.113.9', userAgent: 'job/1.0' },
      },
    ]);
  });

  it('says whose X-Request-ID it answers, and logs nothing that is secret', async () => {
    const reply = await service.token(client, {}, { headers: { 'x-request-id': 'job-7' } });
    expect(reply.headers['x-request-id']).toBe('job-7');
    const lines = service.log.join('');
    for (const secret of [client.secret, reply.body.access_token.split('.')[2]]) expect(lines).not.toContain(secret);
  });
});

describe('limits of the token endpoint', () => {
  let service: TokenService;
  beforeAll(async () => {
    service = await TokenService.start({ tokensPerMinute: 3, requestsPerMinute: 50 });
  });
  afterAll(() => service.stop());
  beforeEach(() => service.clock.advance(120_000));

  it('are one client’s over all nodes, and no other’s', async () => {
    const [one, other, node] = [await service.register(), await service.register(), await service.addNode()];
    const statuses = [];
    for (const options of [{}, { node }, {}, { node }, {}])
      statuses.push((await service.token(one, {}, options)).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    const refused = await service.token(one);
    expect([refused.body.error, refused.headers['retry-after']]).toEqual(['temporarily_unavailable', '60']);
    expect(service.recorded.at(-1)).toMatchObject({ outcome: 'rate_limited', clientId: one.id });
    expect((await service.token(other)).status).toBe(200);
    service.clock.advance(60_000);
    expect((await service.token(one)).status).toBe(200);
  });

  it('are those of its revocations too, each by itself', async () => {
    const [one, other] = [await service.register(), await service.register()];
    const revoke = ({ id, secret }: TestClient) =>
      service.post('/oauth/revoke', { client_id: id, client_secret: secret, token: 'none of ours' });
    const statuses = [];
    for (let each = 0; each < 4; each += 1) statuses.push((await revoke(one)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect([(await revoke(other)).status, (await service.token(one)).status]).toEqual([200, 200]);
  });

  it('are one address’s too', async () => {
    const ask = (ip: string) => service.post('/oauth/token', 'grant_type=client_credentials&scope=%zz', { ip });
    const one = await service.register();
    for (let each = 0; each < 50; each += 1) await service.token({ ...one, secret: 'x' }, {}, { ip: '198.51.100.1' });
    expect((await service.token(one, {}, { ip: '198.51.100.1' })).status).toBe(429);
    expect((await service.token(one, {}, { ip: '198.51.100.2' })).status).toBe(200);
    expect((await ask('198.51.100.2')).status).toBe(400);
  });

  it('leave who is known alone, whatever others fail at the same address', async () => {
    const busy = await TokenService.start();
    try {
      const [known, stranger] = [await busy.register(), await busy.register()];
      expect((await busy.token(known)).status).toBe(200);
      for (let each = 0; each < 30; each += 1) await busy.token({ ...known, secret: 'x' });
      expect((await busy.token({ ...known, secret: 'x' })).status).toBe(429);
      // One client takes no more than its share.
      const other = await busy.register();
      expect((await busy.token(other)).status).toBe(200);
      for (let each = 0; each < 90; each += 1) await busy.token({ id: clientId(uuidOf(each)), secret: 'x' });
      expect((await busy.token(stranger)).status).toBe(429);
      expect((await busy.token(known)).status).toBe(200);
      expect((await busy.token(stranger, {}, { ip: '198.51.100.9' })).status).toBe(200);
    } finally {
      await busy.stop();
    }
  });
});

describe('what is published', () => {
  it('is RFC 8414’s metadata, also where the issuer’s path stands behind', async () => {
    const issuer = 'https://id.example.com/latchkey';
    const service = await TokenService.start({ issuer, profile: 'latchkey', algorithm: 'ES256' });
    try {
      const { status, headers, body } = await service.get('/.well-known/oauth-authorization-server/latchkey');
      expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=300']);
      expect((await service.get('/.well-known/oauth-authorization-server')).body).toEqual(body);
      expect(body).toEqual({
        issuer,
        token_endpoint: `${issuer}/oauth/token`,
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
        token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256'],
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        response_types_supported: [],
        grant_types_supported: ['client_credentials'],
        introspection_endpoint: `${issuer}/oauth/introspect`,
        introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
        introspection_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256'],
        revocation_endpoint: `${issuer}/oauth/revoke`,
        revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
        revocation_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256'],
      });

      // And its tokens are ES256 of the type of RFC 9068, but where a profile asks for another.
      const client = await service.register();
      const { body: issued } = await service.token(client);
      const jwks = (await service.get('/.well-known/jwks.json')).body as JSONWebKeySet;
      const { protectedHeader } = await jwtVerify(issued.access_token, createLocalJWKSet(jwks), {
        ...{ issuer, audience: AUDIENCE, typ: 'at+jwt', algorithms: ['ES256'] },
        currentDate: service.clock.now(),
      });
      expect(Object.keys(protectedHeader)).toEqual(['alg', 'typ', 'kid']);
    } finally {
      await service.stop();
    }
  });
});
