import { profileByName } from '@latchkey/access';
import type { Principal } from '@latchkey/contracts';
import { AppError, clientId, workspaceId } from '@latchkey/kernel';
import { createLogger, createService, type Service } from '@latchkey/platform';
import { FakeClock } from '@latchkey/testing';
import { nodeSha256 } from '../../adapters/node-signing-machinery';
import { AddressLimits } from '../../application/address-limits';
import type { ClientAuthentication, TokenEndpointRequest } from '../../application/client-authentication';
import { Introspection } from '../../application/introspection';
import { Introspectors } from '../../application/introspectors';
import { OauthError } from '../../application/oauth-error';
import { Revocation } from '../../application/revocation';
import { jwtOf } from '../../testing/jwt-of';
import { ScriptedCheck } from '../../testing/scripted-check';
import { addTokenStatusRoutes } from './token-status.routes';

const TOKEN = jwtOf({ client_id: 'c1', jti: 't1', gen: 1, iat: 100, exp: 3_700 });
const PRINCIPAL: Principal = {
  ...{ kind: 'client', id: 'c1', secret_id: 't1', workspace_id: 'w1', user_id: 'u1', name: 'reports', assets: 'all' },
  scopes: ['assets:read'],
};
const profile = profileByName('s4e');
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const ENDPOINTS = ['/oauth/introspect', '/oauth/revoke'] as const;

describe('introspection and revocation over HTTP', () => {
  const check = new ScriptedCheck();
  const revoked: unknown[] = [];
  /** What clients were authenticated by, and how that ends. */
  let asked: TokenEndpointRequest[] = [];
  let refusal: Error | null = null;
  let service: Service;

  const clock = new FakeClock();
  const addresses = new AddressLimits({
    ...{ requestsPerMinute: 100, failuresPerMinute: 100, failuresOfOnePerMinute: 100, clock },
  });

  beforeAll(async () => {
    const clients = {
      authenticate: (request: TokenEndpointRequest) => {
        asked.push(request);
        if (refusal !== null) return Promise.reject(refusal);
        return Promise.resolve({ clientId: clientId('c1'), workspaceId: workspaceId('w1'), profile, scopes: [] });
      },
    } as unknown as ClientAuthentication;
    service = await createService({
      name: 'oauth',
      module: class {},
      config: { host: '127.0.0.1', port: 0 },
      logger: createLogger({ service: 'oauth', level: 'silent' }),
      routes: (fastify) =>
        addTokenStatusRoutes(fastify, {
          introspectors: new Introspectors({
            ...{ clients, access: check, addresses, record: { record: () => undefined } },
            ...{ sha256: nodeSha256, clock },
          }),
          introspection: new Introspection(check, { endOf: async () => null }),
          clients,
          revocation: new Revocation(check, { execute: async (command) => void revoked.push(command) }),
        }),
    });
  });
  afterAll(() => service.stop());
  beforeEach(() => {
    check.answer(TOKEN, PRINCIPAL);
    [asked, refusal] = [[], null];
    revoked.length = 0;
  });

  const post = (url: string, payload: string, headers: Record<string, string> = FORM) =>
    service.fastify.inject({ method: 'POST', url, payload, headers });

  it('an active token is described, and nobody may keep that (RFC 7662 §2.2)', async () => {
    const answer = await post('/oauth/introspect', `token=${TOKEN}&token_type_hint=access_token`);
    expect([answer.statusCode, answer.headers['cache-control'], answer.headers['content-type']]).toEqual([
      ...[200, 'no-store', 'application/json; charset=utf-8'],
    ]);
    expect(answer.json()).toMatchObject({ active: true, client_id: 'c1', scope: 'assets:read', jti: 't1', exp: 3_700 });
  });

  it.each([
    ['an unknown token', 'token=nobody'],
    ['a hint that is wrong', 'token=nobody&token_type_hint=refresh_token'],
    ['a hint that nobody knows', 'token=nobody&token_type_hint=x'],
    ['a token longer than any', `token=${'x'.repeat(20_000)}`],
    ['characters that no token has', 'token=%00%0A%E2%82%AC'],
  ])('%s is not active, and nothing more is said', async (_, body) => {
    const answer = await post('/oauth/introspect', body);
    expect([answer.statusCode, answer.json()]).toEqual([200, { active: false }]);
  });

  it('the caller says what it knows of the call', async () => {
    await post('/oauth/introspect', `token=${TOKEN}&ip=192.0.2.1&asset=a1&own_assets=true`);
    expect(check.asked.at(-1)).toEqual({ credential: TOKEN, cost: 0, ip: '192.0.2.1', asset: 'a1', own_assets: true });
  });

  it('a token is revoked, and the answer is an empty object for clients that want JSON (RFC 7009 §2.2)', async () => {
    const answer = await post('/oauth/revoke', `token=${TOKEN}&token_type_hint=access_token`, {
      ...FORM,
      'x-request-id': 'r1',
    });
    expect([answer.statusCode, answer.body, answer.headers['cache-control']]).toEqual([200, '{}', 'no-store']);
    expect(revoked).toEqual([expect.objectContaining({ clientId: 'c1', jti: 't1', requestId: 'r1' })]);
  });

  describe.each(ENDPOINTS)('%s', (url) => {
    it.each([
      ['no token', ''],
      ['an empty token', 'token='],
      ['two tokens', `token=${TOKEN}&token=${TOKEN}`],
      ['two hints', `token=${TOKEN}&token_type_hint=a&token_type_hint=b`],
      ['a broken encoding', 'token=%zz'],
      ['a token in the address only', '', `?token=${TOKEN}`],
    ])('refuses %s', async (_, body, query = '') => {
      const answer = await post(url + query, body);
      expect([answer.statusCode, answer.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_request' })]);
      expect([answer.headers['cache-control'], answer.body]).toEqual(['no-store', expect.not.stringContaining(TOKEN)]);
      expect(revoked).toEqual([]);
    });

    it.each([
      ['JSON', { 'content-type': 'application/json' }, JSON.stringify({ token: TOKEN })],
      ['a body of no type', {}, `token=${TOKEN}`],
      ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }, '--x--'],
    ])('refuses %s', async (_, headers, body) => {
      const answer = await post(url, body, headers);
      expect([answer.statusCode, answer.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_request' })]);
    });

    it('refuses a body of a megabyte', async () => {
      const answer = await post(url, `token=${'x'.repeat(1_000_000)}`);
      expect([answer.statusCode, answer.json()]).toEqual([413, expect.objectContaining({ error: 'invalid_request' })]);
    });

    it('refuses two Authorization headers, as a proxy may believe the other one', async () => {
      const headers = { ...FORM, Authorization: ['Basic YTpi', 'Bearer x'] };
      const answer = await service.fastify.inject({ method: 'POST', url, payload: `token=${TOKEN}`, headers });
      expect([answer.statusCode, asked]).toEqual([400, []]);
    });

    it.each(['GET', 'PUT', 'DELETE', 'PATCH'] as const)('is not there for %s, and names its method', async (method) => {
      const answer = await service.fastify.inject({ method, url });
      expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'POST']);
    });

    it('asks who calls before it looks at anything else', async () => {
      refusal = new OauthError('invalid_client', 'Client authentication failed.');
      const before = check.asked.length;
      const answer = await post(url, '', { ...FORM, authorization: 'Basic YTpi' });
      expect([answer.statusCode, answer.json<{ error: string }>().error]).toEqual([401, 'invalid_client']);
      expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
      expect([check.asked.length, revoked]).toEqual([before, []]);
      expect(asked).toMatchObject([{ authorization: 'Basic YTpi' }]);
    });

    it.each([
      new AppError('auth.unavailable'),
      new AppError('service.unavailable'),
      new AppError('stream.version_conflict'),
    ])('answers 503 while it cannot be told or done: %s', async (error) => {
      refusal = error;
      const answer = await post(url, `token=${TOKEN}`);
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
      expect(answer.json()).toMatchObject({ error: 'temporarily_unavailable' });
    });

    it('repeats no secret that was sent where none belongs', async () => {
      const secret = `s4e_client_${'a1'.repeat(16)}`;
      refusal = new OauthError('invalid_scope', `There is no scope ${secret}.`);
      const answer = await post(url, `token=${TOKEN}`);
      expect([answer.statusCode, answer.body]).toEqual([400, expect.not.stringContaining('a1a1')]);
    });

    it('says nothing of a fault of ours but that it is one', async () => {
      refusal = new Error('secret thoughts');
      const answer = await post(url, `token=${TOKEN}`);
      expect([answer.statusCode, answer.json<{ error: string }>().error]).toEqual([500, 'server_error']);
      expect(answer.body).not.toContain('thoughts');
    });
  });
});
