import type { JWK } from 'jose';
import {
  accessToken,
  credentialsOf,
  postForm,
  registerApplication,
  type Application,
  type ApplicationFields,
} from './harness/applications';
import { call, callerOf, type Answer } from './harness/http';
import { decoded, partsOf, type Json } from './harness/jws';
import { startSystem, WAYS_OF_RUNNING, type System } from './harness/system';
import { bearer, Tester } from './harness/tester';

const GRANT = { grant_type: 'client_credentials' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const SCOPES = ['alerts:read', 'assets:read'];
/** What RFC 6749 §5.2 lets stand in an answer. */
const PRINTED = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/;

interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope: string;
}

interface Metadata {
  readonly issuer: string;
  readonly [name: string]: unknown;
}

/** Each character by its code, as a client may send every one of them. */
const percentEncoded = (text: string) =>
  [...text].map((character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

/** The rules of the RFCs that docs/oauth-conformance.md lists, as far as they show from outside. */
describe.each(WAYS_OF_RUNNING)('OAuth by its standards, on %s', (way) => {
  let tester: Tester;
  let system: System;
  let application: Application;
  let metadata: Metadata;
  let published: Answer;
  beforeAll(async () => {
    system = await startSystem(way, { profile: 'zshield' });
    tester = new Tester(system);
    application = await register();
    published = await call(system.url, { path: '/.well-known/oauth-authorization-server' });
    metadata = published.json<Metadata>();
  }, 180_000);
  afterAll(() => tester?.system.stop(), 60_000);

  const register = (fields: Partial<ApplicationFields> = {}) =>
    registerApplication(system.url, system.adminKey, { scopes: SCOPES, ...fields });
  const post = (path: string, fields: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>) =>
    postForm(system.url, path, fields, headers);
  const credentials = () => credentialsOf(application);
  const token = () => accessToken(system.url, application);
  const ask = (fields: Readonly<Record<string, string>>) =>
    post('/oauth/token', { ...GRANT, ...credentials(), ...fields });
  const introspect = async (fields: Readonly<Record<string, string>>) => {
    const answer = await post('/oauth/introspect', { ...credentials(), ...fields });
    return answer.json<object>();
  };
  const revoke = (fields: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>) =>
    post('/oauth/revoke', { ...credentials(), ...fields }, headers);

  /** The form of an error, whatever it is about. */
  function expectError(answer: Answer, status: number, error: string): void {
    const body = answer.json<{ error: string; error_description: string }>();
    expect([answer.status, body.error]).toEqual([status, error]);
    expect(Object.keys(body)).toEqual(['error', 'error_description']);
    expect(body.error_description).toMatch(PRINTED);
    expect(answer.headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/json/) as string,
      'cache-control': 'no-store',
      pragma: 'no-cache',
    });
  }

  describe('the token endpoint', () => {
    it('answers with a token, its type, its life and its scope, without a refresh token, and says that nobody may keep it', async () => {
      const answer = await ask({});
      expect([answer.status, Object.keys(answer.json<TokenAnswer>()).sort()]).toEqual([
        200,
        ['access_token', 'expires_in', 'scope', 'token_type'],
      ]);
      expect(answer.json()).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
      expect(answer.headers).toMatchObject({
        'content-type': expect.stringMatching(/^application\/json/) as string,
        'cache-control': 'no-store',
        pragma: 'no-cache',
      });
    });

    it('reads a Basic header as form-encoded, and the name of its scheme in any case', async () => {
      const { clientId, clientSecret } = application;
      const { authorization } = basic(percentEncoded(clientId), percentEncoded(clientSecret));
      for (const scheme of ['Basic', 'basic', 'BASIC']) {
        const headers = { authorization: authorization.replace('Basic', scheme) };
        expect((await post('/oauth/token', GRANT, headers)).status).toBe(200);
      }
    });

    it('takes a charset beside the type of a form', async () => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' };
      expect((await post('/oauth/token', { ...GRANT, ...credentials() }, headers)).status).toBe(200);
    });

    it('is for POST alone', async () => {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await call(system.url, { method, path: '/oauth/token', headers: FORM });
        expect([401, 403, 404, 405]).toContain(answer.status);
      }
    });

    it('passes over a parameter that has no value, and one that it does not know', async () => {
      const answer = await ask({ scope: '', colour: 'red' });
      expect([answer.status, answer.json<TokenAnswer>().scope.split(' ').sort()]).toEqual([200, SCOPES]);
    });

    it('gives what was asked for, or all that the application may have, and says which', async () => {
      const narrowed = (await ask({ scope: 'assets:read' })).json<TokenAnswer>();
      expect([narrowed.scope, decoded(partsOf(narrowed.access_token)[1])['scope']]).toEqual([
        'assets:read',
        'assets:read',
      ]);
      expect((await ask({})).json<TokenAnswer>().scope.split(' ').sort()).toEqual(SCOPES);
    });

    it.each(['assets:write', 'assets:read assets:write', 'no:such', 'assets:read  alerts:read', 'a"b', 'ä'])(
      'refuses scope %j, which the application has not or which is none, as invalid_scope',
      async (scope) => expectError(await ask({ scope }), 400, 'invalid_scope'),
    );

    it('tells who is not authenticated no more than that: 401 invalid_client, with the scheme to use', async () => {
      const { clientId, clientSecret } = application;
      const stranger = '01234567-89ab-7def-8123-456789abcdef';
      const answers = [
        await post('/oauth/token', GRANT),
        await post('/oauth/token', { ...GRANT, client_id: clientId }),
        await post('/oauth/token', { ...GRANT, ...credentials(), client_secret: 'wrong' }),
        await post('/oauth/token', { ...GRANT, client_id: stranger, client_secret: clientSecret }),
        await post('/oauth/token', GRANT, basic(clientId, 'wrong')),
        await post('/oauth/token', GRANT, basic(stranger, clientSecret)),
        await post('/oauth/token', GRANT, { authorization: 'Basic !' }),
      ];
      for (const answer of answers) {
        expectError(answer, 401, 'invalid_client');
        expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="/);
      }
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    });

    it('refuses a request without a grant type, and any other grant', async () => {
      expectError(await post('/oauth/token', credentials()), 400, 'invalid_request');
      for (const grant of ['password', 'authorization_code', 'refresh_token', 'implicit', 'CLIENT_CREDENTIALS']) {
        expectError(await ask({ grant_type: grant }), 400, 'unsupported_grant_type');
      }
    });

    it('lets nobody choose a client_id, which is the subject of tokens', async () => {
      const body = { name: 'x', scopes: ['assets:read'] };
      const asAdmin = callerOf(system.url, system.adminKey);
      for (const more of [{ client_id: 'admin' }, { id: 'admin' }, { client_secret: 'x'.repeat(40) }]) {
        expect((await asAdmin('POST', '/api/v1/oauth-applications', { ...body, ...more })).status).toBe(400);
      }
    });

    it('gives out secrets of 128 random bits and more, no two alike', async () => {
      const others = await Promise.all([register(), register(), register()]);
      const random = others.map(({ clientSecret }) => clientSecret.split('_').at(-1) ?? '');
      expect(new Set(random).size).toBe(3);
      // 62 characters, of which the last six are a checksum.
      for (const each of random) expect((each.length - 6) * Math.log2(62)).toBeGreaterThan(128);
    });
  });

  describe('an access token', () => {
    it('has the header and the claims of RFC 9068, its client as the subject, and the installation as issuer and audience', async () => {
      const answer = (await ask({})).json<TokenAnswer>();
      const [header, claims] = partsOf(answer.access_token);
      expect(decoded(header)).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: expect.any(String) as string });
      const said = decoded(claims) as Record<string, number | string>;
      expect(said).toMatchObject({
        iss: metadata.issuer,
        aud: metadata.issuer,
        sub: application.clientId,
        client_id: application.clientId,
        scope: answer.scope,
      });
      expect(Number(said['exp']) - Number(said['iat'])).toBe(answer.expires_in);
    });

    it('has an identifier of its own each time', async () => {
      const identifiers = await Promise.all(Array.from({ length: 10 }, token));
      expect(new Set(identifiers.map((each) => decoded(partsOf(each)[1])['jti'])).size).toBe(10);
    });

    it('says nothing but whose it is and what it may: nothing of a person, and no secret', async () => {
      const claims: Json = decoded(partsOf(await token())[1]);
      expect(Object.keys(claims).sort()).toEqual(
        ['aud', 'client_id', 'exp', 'gen', 'iat', 'iss', 'jti', 'scope', 'sub', 'wid'].sort(),
      );
    });
  });

  describe('the metadata', () => {
    it('are JSON at the well-known place of the issuer, whom they name exactly', async () => {
      expect(published.status).toBe(200);
      expect(published.headers['content-type']).toMatch(/^application\/json/);
      const { origin, search, hash } = new URL(metadata.issuer);
      expect([origin, search, hash]).toEqual([metadata.issuer, '', '']);
      const again = await call(metadata.issuer, { path: '/.well-known/oauth-authorization-server' });
      expect(again.text).toBe(published.text);
    });

    it('name endpoints that are there, each of them at the issuer', async () => {
      for (const name of ['token_endpoint', 'introspection_endpoint', 'revocation_endpoint', 'jwks_uri']) {
        const url = String(metadata[name]);
        expect(url.startsWith(`${metadata.issuer}/`)).toBe(true);
        const method = name === 'jwks_uri' ? 'GET' : 'POST';
        const answer = await call(url, { method, path: new URL(url).pathname, headers: FORM });
        expect(answer.status).toBe(name === 'jwks_uri' ? 200 : 401);
      }
    });

    it('name the ways to authenticate at each endpoint, and algorithms of assertions, "none" not among them', () => {
      const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];
      for (const endpoint of ['token', 'introspection', 'revocation']) {
        expect(metadata[`${endpoint}_endpoint_auth_methods_supported`]).toEqual(methods);
        const algorithms = metadata[`${endpoint}_endpoint_auth_signing_alg_values_supported`] as readonly string[];
        expect(algorithms).toEqual(expect.arrayContaining(['RS256', 'ES256']));
        expect(algorithms.filter((each) => /none|^HS/i.test(each))).toEqual([]);
      }
      expect(metadata).toMatchObject({ grant_types_supported: ['client_credentials'] });
    });

    it('lead to public keys alone, each with an id of its own, its use and its algorithm', async () => {
      const answer = await call(system.url, { path: '/.well-known/jwks.json' });
      const { keys } = answer.json<{ keys: readonly JWK[] }>();
      expect([answer.status, answer.headers['content-type']]).toEqual([
        200,
        expect.stringMatching(/^application\/(jwk-set\+)?json/),
      ]);
      expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
      for (const key of keys) {
        expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
        expect([key.kty, key.use, key.alg]).toEqual(['RSA', 'sig', 'RS256']);
        expect(Buffer.from(key.n ?? '', 'base64url').length * 8).toBeGreaterThanOrEqual(2_048);
      }
      expect(keys.map(({ kid }) => kid)).toContain(decoded(partsOf(await token())[0])['kid']);
    });
  });

  describe('introspection', () => {
    it('answers nobody who has not shown who it is', async () => {
      const [shown, { clientId }] = [await token(), application];
      expectError(await post('/oauth/introspect', { token: shown }), 401, 'invalid_client');
      expectError(await post('/oauth/introspect', { token: shown }, basic(clientId, 'wrong')), 401, 'invalid_client');
      expectError(await post('/oauth/introspect', { token: shown }, bearer(shown)), 401, 'insufficient_scope');
      expectError(await post('/oauth/introspect', { token: shown }, bearer('nothing')), 401, 'invalid_token');
    });

    it('says of a token what was issued, whatever kind the caller takes it for', async () => {
      const shown = await token();
      const claims = decoded(partsOf(shown)[1]);
      for (const hint of ['access_token', 'refresh_token', 'pat']) {
        const said = await introspect({ token: shown, token_type_hint: hint });
        const { iss, aud, sub, client_id, jti, iat, exp } = claims;
        const issued = { iss, aud, sub, client_id, jti, iat, exp };
        expect(said).toMatchObject({ active: true, token_type: 'Bearer', ...issued });
      }
    });

    it('says of whatever is no live token of the caller that it is not active, and nothing else', async () => {
      const gone = await token();
      await revoke({ token: gone });
      const another = await register();
      const shown = await token();
      const texts = [
        gone,
        'nothing',
        `${shown}x`,
        await accessToken(system.url, another),
        system.adminKey,
        application.clientSecret,
      ];
      for (const text of texts) expect(await introspect({ token: text })).toEqual({ active: false });
    });

    it('is refused without a token, and by GET', async () => {
      expectError(await post('/oauth/introspect', credentials()), 400, 'invalid_request');
      expect((await call(system.url, { path: `/oauth/introspect?token=${await token()}` })).status).not.toBe(200);
    });
  });

  describe('revocation', () => {
    it('ends a token before it answers, whatever kind the caller takes it for', async () => {
      for (const hint of ['access_token', 'refresh_token', 'pat']) {
        const shown = await token();
        expect((await revoke({ token: shown, token_type_hint: hint })).status).toBe(200);
        expect(await tester.checks(shown)).toEqual(tester.everywhere('401 revoked'));
      }
    });

    it('is content with a token that it does not know, or that has ended', async () => {
      const shown = await token();
      for (const text of [shown, shown, 'nothing', `${shown}x`]) {
        expect((await revoke({ token: text })).status).toBe(200);
      }
    });

    it('takes no token from a client that it was not issued to', async () => {
      const [shown, other] = [await token(), await register()];
      const answer = await post('/oauth/revoke', { token: shown, ...credentialsOf(other) });
      expectError(answer, 400, 'unauthorized_client');
      expect(await tester.checks(shown)).toEqual(tester.everywhere('200'));
    });

    it('is refused to whoever does not show who it is, and without a token', async () => {
      const shown = await token();
      expectError(await post('/oauth/revoke', { token: shown }), 401, 'invalid_client');
      expectError(await revoke({ token: shown, client_secret: 'wrong' }), 401, 'invalid_client');
      expectError(await post('/oauth/revoke', credentials()), 400, 'invalid_request');
      expect(await tester.checks(shown)).toEqual(tester.everywhere('200'));
    });

    it('says so where it does not revoke tokens of a kind, which stay as they were', async () => {
      const created = await tester.asAdmin('POST', '/api/v1/api-keys', { name: 'x', scopes: ['assets:read'] });
      const { key } = created.json<{ key: string }>();
      expectError(await revoke({ token: key }), 400, 'unsupported_token_type');
      expect(await tester.checks(key)).toEqual(tester.everywhere('200'));
    });
  });
});
