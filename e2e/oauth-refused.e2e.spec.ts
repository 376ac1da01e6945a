import { createPublicKey, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { calculateJwkThumbprint, CompactEncrypt, exportJWK } from 'jose';
import {
  accessToken,
  credentialsOf,
  newClientKey,
  postForm,
  registerApplication,
  registerWithKeys,
  type Application,
} from './harness/applications';
import { call } from './harness/http';
import {
  decoded,
  es256,
  hs256,
  jws,
  newEcKey,
  newRsaKey,
  otherSpelling,
  partsOf,
  ps256,
  rs256,
  unsigned,
  type Json,
  type JwsSigner,
} from './harness/jws';
import { signIn } from './harness/accounts';
import { stolenKey } from './harness/stolen-key';
import { OWNER, startSystem, WAYS_OF_RUNNING } from './harness/system';
import { bearer, Tester } from './harness/tester';

const MASTER_KEY = 'a master key that somebody has stolen with the database';
const GRANT = { grant_type: 'client_credentials' };
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

interface OauthErrorBody {
  readonly error: string;
}

/**
 * What OAuth's two sides refuse. Forged tokens are signed with the installation's own key, wherever that makes the forgery better: so each of
 * them is wrong in what its name says, and in nothing else.
 */
describe.each(WAYS_OF_RUNNING)('what is refused on %s', (way) => {
  let tester: Tester;
  let application: Application;
  let genuine: string;
  let header: Json;
  let claims: Json;
  let stolen: KeyObject;
  let issuer: string;
  /** A server that nobody should ask for a key. */
  let stranger: Server;
  const fetched: string[] = [];

  beforeAll(async () => {
    tester = new Tester(await startSystem(way, { profile: 'zshield', env: { LATCHKEY_MASTER_KEY: MASTER_KEY } }));
    const { url, adminKey } = tester.system;
    application = await registerApplication(url, adminKey, { scopes: ['assets:read'] });
    genuine = await accessToken(url, application);
    const [first, second] = partsOf(genuine);
    [header, claims] = [decoded(first), decoded(second)];
    stolen = await stolenKey(tester.system, MASTER_KEY, String(header['kid']));
    issuer = String(claims['iss']);
    stranger = createServer(({ url: path = '' }, response) => {
      fetched.push(path);
      response.end();
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  }, 180_000);
  afterAll(async () => {
    await tester?.system.stop();
    stranger?.close();
  }, 60_000);

  /** Signed with the key that the service itself signs with, unless somebody else does. */
  const forged = (headers: Json, said: Json = {}, signer: JwsSigner = rs256(stolen)) =>
    jws({ ...header, ...headers }, { ...claims, ...said }, signer);
  const strangersUrl = () => `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/keys`;

  const expectRefused = async (token: string) => {
    expect(await tester.checks(token)).toEqual(tester.everywhere('401 unknown'));
    const answer = await tester.getAssets(bearer(token));
    expect([answer.status, answer.text]).toEqual([401, (await tester.getAssets(bearer('nothing'))).text]);
  };

  const tokenAnswer = async (fields: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>) => {
    const answer = await postForm(tester.system.url, '/oauth/token', fields, headers);
    return [answer.status, answer.json<OauthErrorBody>().error];
  };

  it('what the forger signs with the stolen key passes, where nothing else is wrong with it', async () => {
    expect(await tester.checks(forged({}))).toEqual(tester.everywhere('200'));
    expect(await tester.checks(forged({}, { jti: claims['wid'] }))).toEqual(tester.everywhere('200'));
  });

  describe('access tokens by another algorithm', () => {
    it.each(['none', 'None', 'NONE'])('alg %s, with and without a signature', async (alg) => {
      await expectRefused(forged({ alg }, {}, unsigned));
      await expectRefused(forged({ alg }));
    });

    it('HS256 with the public key as the secret, in each form that it is published in or commonly kept in', async () => {
      const publicKey = createPublicKey(stolen);
      const secrets = [
        publicKey.export({ format: 'pem', type: 'spki' }),
        publicKey.export({ format: 'pem', type: 'pkcs1' }),
        publicKey.export({ format: 'der', type: 'spki' }),
        JSON.stringify(publicKey.export({ format: 'jwk' })),
        (await call(tester.system.url, { path: '/.well-known/jwks.json' })).text,
      ];
      for (const secret of secrets) await expectRefused(forged({ alg: 'HS256' }, {}, hs256(secret)));
    });

    it('PS256 for RS256, with the right key', () => expectRefused(forged({ alg: 'PS256' }, {}, ps256(stolen))));
    it('RS256 that is signed as PS256', () => expectRefused(forged({}, {}, ps256(stolen))));
    it('RS512 for RS256', () => expectRefused(forged({ alg: 'RS512' })));
    it('ES256 for RS256', () => expectRefused(forged({ alg: 'ES256' }, {}, es256(newEcKey().privateKey))));
  });

  describe('access tokens by another key', () => {
    it('a foreign kid', async () => {
      const { publicKey, privateKey } = newRsaKey();
      const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
      await expectRefused(forged({ kid }, {}, rs256(privateKey)));
      await expectRefused(forged({ kid }));
    });

    it('our kid with another key', () => expectRefused(forged({}, {}, rs256(newRsaKey().privateKey))));
    it.each([[undefined], [''], [7], [['a']], ['../../etc/passwd'], ["' OR 1 = 1 --"]])('kid %j', (kid) =>
      expectRefused(forged({ kid })),
    );

    it('jku, x5u, jwk and x5c headers, whoever has signed; nothing is fetched', async () => {
      const { publicKey, privateKey } = newRsaKey();
      const jwk = await exportJWK(publicKey);
      const kid = await calculateJwkThumbprint(jwk);
      for (const more of [{ jku: strangersUrl() }, { x5u: strangersUrl() }, { jwk }, { x5c: [String(jwk.n)] }]) {
        await expectRefused(forged({ ...more, kid }, {}, rs256(privateKey)));
        await expectRefused(forged(more, {}, rs256(privateKey)));
        await expectRefused(forged(more));
      }
      expect(fetched).toEqual([]);
    });
  });

  describe('access tokens in another form', () => {
    it.each([
      ['an unknown one', { crit: ['exp'], exp: 1 }],
      ['b64', { crit: ['b64'], b64: false }],
      ['none at all', { crit: [] }],
    ])('crit: %s', (_, more) => expectRefused(forged(more)));

    it('JWE, encrypted for the key that signs', async () => {
      const protectedHeader = { ...header, alg: 'RSA-OAEP-256', enc: 'A256GCM' };
      const text = Buffer.from(JSON.stringify(claims));
      await expectRefused(
        await new CompactEncrypt(text).setProtectedHeader(protectedHeader).encrypt(createPublicKey(stolen)),
      );
    });

    it('1 MB in a header or in a body; the service goes on', async () => {
      const large = forged({}, { padding: 'x'.repeat(1_000_000) });
      expect((await tester.getAssets(bearer(large))).status).toBe(431);
      for (const url of tester.system.enforcementUrls) {
        expect([400, 413]).toContain((await tester.checkAt(url, large)).status);
      }
      const fields = { token: large, ...credentialsOf(application) };
      expect([400, 413]).toContain((await postForm(tester.system.url, '/oauth/introspect', fields)).status);
      expect(await tester.checks(genuine)).toEqual(tester.everywhere('200'));
    });

    it('base64url that is not canonical, of each part: other last bits, padding, the other alphabet, spaces', async () => {
      const [first, second, third] = partsOf(genuine);
      const spellings = [
        [first, second, otherSpelling(third)],
        [first, second, `${third}==`],
        [first, second, third.replaceAll('-', '+').replaceAll('_', '/')],
        [`${first}=`, second, third],
        [first, `${second}=`, third],
        [first, second, `${third.slice(0, 9)} ${third.slice(9)}`],
        [first, second, `${third}\n`],
        [first, second, third, ''],
        ['', first, second, third],
      ].map((parts) => parts.join('.'));
      for (const spelling of spellings.filter((each) => each !== genuine)) {
        expect(await tester.checks(spelling)).toEqual(tester.everywhere('401 unknown'));
      }
    });

    it('claims that say a thing twice: the last counts (RFC 7519 §4), and gives no more than its client has', async () => {
      const admin = jws(header, JSON.stringify(claims).replace('{', '{"scope":"admin:full",'), rs256(stolen));
      expect(await tester.checks(admin, { scopes: ['users:write'] })).toEqual(tester.everywhere('403 scope_missing'));
    });
  });

  describe('access tokens that say something else', () => {
    it.each([
      ['another issuer', () => ({ iss: 'https://id.example.com' })],
      ['an issuer that begins as ours', () => ({ iss: `${issuer}.example.com` })],
      ['ours with a slash', () => ({ iss: `${issuer}/` })],
      ['no issuer', () => ({ iss: undefined })],
      ['another audience', () => ({ aud: 'https://api.example.com' })],
      ['our audience among others', () => ({ aud: [issuer, 'https://api.example.com'] })],
      ['no audience', () => ({ aud: undefined })],
      ['no end', () => ({ exp: undefined })],
      ['an end that is no number', () => ({ exp: '9999999999' })],
      ['another workspace', () => ({ wid: randomUUID() })],
      ['another client', () => ({ sub: randomUUID(), client_id: randomUUID() })],
      ['a subject who is not its client', () => ({ sub: claims['wid'] })],
    ])('%s', (_, said) => expectRefused(forged({}, said())));

    it('that their time is over', async () => {
      const over = Math.floor(Date.now() / 1_000) - 3_600;
      const token = forged({}, { iat: over - 1, exp: over });
      expect(await tester.checks(token)).toEqual(tester.everywhere('401 token_expired'));
    });

    it('more scopes than their client has', async () => {
      const token = forged({}, { scope: 'assets:read admin:full' });
      expect(await tester.checks(token, { scopes: ['assets:write'] })).toEqual(tester.everywhere('403 scope_missing'));
    });
  });

  describe('one kind of token for the other', () => {
    it('a session token that calls itself an access token', async () => {
      const session = await signIn(tester.system, OWNER);
      const [first, second, third] = partsOf(session);
      for (const typ of ['at+jwt', 'JWT']) {
        const renamed = Buffer.from(JSON.stringify({ ...decoded(first), typ })).toString('base64url');
        await expectRefused(`${renamed}.${second}.${third}`);
        await expectRefused(jws({ ...decoded(first), typ }, decoded(second), rs256(stolen)));
        await expectRefused(jws({ ...header, typ }, decoded(second), rs256(stolen)));
      }
    });

    it('an access token that calls itself a session token', async () => {
      await expectRefused(forged({ typ: 'session+jwt' }));
      await expectRefused(forged({ typ: undefined }));
      await expectRefused(forged({ typ: 'dpop+jwt' }));
    });

    it('an access token where a session alone is taken', async () => {
      expect((await tester.getAssets({ cookie: `token=${genuine}` })).status).toBe(401);
      for (const headers of [bearer(genuine), { cookie: `token=${genuine}` }]) {
        for (const path of ['/api/v1/sessions/current', '/api/v1/sessions']) {
          expect([401, 403]).toContain((await call(tester.system.url, { path, headers })).status);
        }
        const refreshed = await call(tester.system.url, {
          ...{ method: 'POST', path: '/api/v1/sessions/current/refresh' },
          headers: { ...headers, 'sec-fetch-site': 'same-origin' },
        });
        expect([401, 403]).toContain(refreshed.status);
      }
    });

    it('a session token, or an access token, as proof of who a client is', async () => {
      const session = await signIn(tester.system, OWNER);
      for (const token of [session, genuine]) {
        const asAssertion = { ...GRANT, client_assertion_type: JWT_BEARER, client_assertion: token };
        expect(await tokenAnswer(asAssertion)).toEqual([401, 'invalid_client']);
        expect(await tokenAnswer(GRANT, bearer(token))).toEqual([401, 'invalid_client']);
      }
      const asked = await postForm(tester.system.url, '/oauth/introspect', { token: genuine }, bearer(session));
      expect(asked.status).toBe(401);
    });
  });

  describe('requests of the token endpoint', () => {
    const basic = () => ({
      authorization: `Basic ${Buffer.from(`${application.clientId}:${application.clientSecret}`).toString('base64')}`,
    });
    const sent = async (body: string, type = 'application/x-www-form-urlencoded') => {
      const answer = await call(tester.system.url, {
        ...{ method: 'POST', path: '/oauth/token', body },
        headers: { ...basic(), 'content-type': type },
      });
      return [answer.status, answer.json<OauthErrorBody>().error];
    };

    it.each([
      ['grant_type', 'grant_type=client_credentials&grant_type=client_credentials'],
      ['scope', 'grant_type=client_credentials&scope=assets%3Aread&scope=assets%3Aread'],
      ['scope, once without a value', 'grant_type=client_credentials&scope=assets%3Aread&scope='],
      ['scope, once percent-encoded', 'grant_type=client_credentials&scope=assets%3Aread&sc%6fpe=assets%3Aread'],
      ['a parameter that means nothing', 'grant_type=client_credentials&colour=red&colour=blue'],
    ])('a parameter that is there twice: %s', async (_, body) => {
      expect(await sent(body)).toEqual([400, 'invalid_request']);
    });

    it('a secret in the header and in the body at once', async () => {
      const both = { ...GRANT, ...credentialsOf(application) };
      expect(await tokenAnswer(both, basic())).toEqual([400, 'invalid_request']);
    });

    it('a body of JSON, and a body that says nothing of its type', async () => {
      const json = JSON.stringify({ ...GRANT, ...credentialsOf(application) });
      expect(await sent(json, 'application/json')).toEqual([400, 'invalid_request']);
      expect(await sent('grant_type=client_credentials', 'text/plain')).toEqual([400, 'invalid_request']);
    });

    it('parameters in the address', async () => {
      const path = `/oauth/token?${new URLSearchParams({ ...GRANT, ...credentialsOf(application) }).toString()}`;
      const answer = await call(tester.system.url, {
        ...{ method: 'POST', path, body: '' },
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      expect([400, 401]).toContain(answer.status);
      expect((await call(tester.system.url, { path })).status).not.toBe(200);
    });
  });

  describe('assertions of a client with keys (private_key_jwt)', () => {
    let clientId: string;
    let key: KeyObject;
    beforeAll(async () => {
      const pair = newRsaKey();
      key = pair.privateKey;
      const published = { ...(await newClientKey('RS256')), publicJwk: await exportJWK(pair.publicKey) };
      const { url, adminKey } = tester.system;
      clientId = await registerWithKeys(url, adminKey, { scopes: ['assets:read'], keys: [published] });
    });

    const assertion = (said: Json = {}, more: Json = {}, signer: JwsSigner = rs256(key)) => {
      const now = Math.floor(Date.now() / 1_000);
      const jti = randomBytes(16).toString('hex');
      const all = { iss: clientId, sub: clientId, aud: issuer, jti, iat: now, exp: now + 60, ...said };
      return jws({ alg: 'RS256', ...more }, all, signer);
    };
    const shown = (text: string) =>
      tokenAnswer({ ...GRANT, client_assertion_type: JWT_BEARER, client_assertion: text });

    it('one that was shown before, whichever process it is shown to', async () => {
      const once = assertion();
      const answers = await Promise.all(Array.from({ length: 8 }, () => shown(once)));
      expect(answers.filter(([status]) => status === 200)).toHaveLength(1);
      expect(answers.filter(([status]) => status !== 200)).toEqual(Array(7).fill([401, 'invalid_client']));
      expect(await shown(once)).toEqual([401, 'invalid_client']);
    });

    it.each([
      ['for another server', () => assertion({ aud: 'https://id.example.com' })],
      ['for several servers', () => assertion({ aud: [issuer, 'https://id.example.com'] })],
      ['of another client', () => assertion({ iss: application.clientId, sub: application.clientId })],
      ['whose subject is another client', () => assertion({ sub: application.clientId })],
      ['whose time is over', () => assertion({ exp: Math.floor(Date.now() / 1_000) - 120 })],
      ['that is good for a day', () => assertion({ exp: Math.floor(Date.now() / 1_000) + 86_400 })],
      ['without an end', () => assertion({ exp: undefined })],
      ['without a jti', () => assertion({ jti: undefined })],
      ['that nobody has signed', () => assertion({}, { alg: 'none' }, unsigned)],
      ['by the public key as a secret', () => assertion({}, { alg: 'HS256' }, hs256(publicPem()))],
      ['by the key that signs access tokens', () => assertion({}, {}, rs256(stolen))],
    ])('one %s', async (_, make) => expect(await shown(make())).toEqual([401, 'invalid_client']));

    const publicPem = () => createPublicKey(key).export({ format: 'pem', type: 'spki' });
  });
});
