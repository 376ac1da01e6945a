import { createRemoteJWKSet, jwtVerify } from 'jose';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  accessToken,
  newClientKey,
  registerApplication,
  registerWithKeys,
  type Application,
  type ClientKey,
} from './harness/applications';
import { call, callerOf } from './harness/http';
import { startSystem, WAYS_OF_RUNNING } from './harness/system';
import { Tester } from './harness/tester';
import { PYTHON_MS_MAX, pythonInterpreter, runClient } from './oauth-clients/client-program';
import { runSnippet } from './s4e-snippets/run-snippet';

const SCOPE = 'assets:read alerts:read';
const SECRET = ['client_secret_basic', 'client_secret_post'] as const;
type Authentication = (typeof SECRET)[number] | 'private_key_jwt';

interface Token {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope: string;
}

/** What a client program tells of a token: granted, asked about, revoked, asked about again. */
interface Told {
  readonly token: Token;
  readonly introspected?: object;
  readonly afterwards?: object;
}

/** Of two calls of the API, and both tokens that it had. */
interface ToldByClass {
  readonly statuses: readonly number[];
  readonly first: string;
  readonly second: string;
}

interface Metadata {
  readonly issuer: string;
  readonly jwks_uri: string;
}

describe.each(WAYS_OF_RUNNING)('OAuth clients that others wrote, on %s', (way) => {
  let tester: Tester;
  let python: string;
  let metadata: Metadata;
  let withSecret: Application;
  let withKeys: string;
  let keys: readonly ClientKey[];
  beforeAll(async () => {
    python = await pythonInterpreter();
    tester = new Tester(await startSystem(way, { profile: 'zshield', neighbour: 's4e' }));
    const { url, adminKey } = tester.system;
    metadata = (await call(url, { path: '/.well-known/oauth-authorization-server' })).json<Metadata>();
    keys = [await newClientKey('RS256'), await newClientKey('ES256')];
    const scopes = SCOPE.split(' ');
    withSecret = await registerApplication(url, adminKey, { scopes });
    withKeys = await registerWithKeys(url, adminKey, { scopes, keys });
  }, PYTHON_MS_MAX + 180_000);
  afterAll(() => tester?.system.stop(), 60_000);

  const given = (authentication: Authentication, algorithm: ClientKey['algorithm'] = 'RS256') => ({
    ...{ issuer: metadata.issuer, audience: metadata.issuer, scope: SCOPE, authentication },
    ...(authentication === 'private_key_jwt'
      ? { clientId: withKeys, ...keys.find((key) => key.algorithm === algorithm) }
      : withSecret),
  });
  const interpreterOf = (program: string) => (program.startsWith('python') ? python : process.execPath);
  const clientIdOf = (authentication: Authentication) =>
    authentication === 'private_key_jwt' ? withKeys : withSecret.clientId;

  const knowEverything = ['node/openid-client.mjs', 'node/oauth4webapi.mjs', 'python/authlib_client.py'] as const;
  const ways = [
    ...knowEverything.flatMap((program) => SECRET.map((each) => [program, each, 'RS256'] as const)),
    ...knowEverything.map((program) => [program, 'private_key_jwt', 'RS256'] as const),
    ['node/openid-client.mjs', 'private_key_jwt', 'ES256'] as const,
    ['node/oauth4webapi.mjs', 'private_key_jwt', 'ES256'] as const,
  ];

  it.each(ways)(
    '%s finds the endpoints, gets a token by %s (%s), asks about it and revokes it',
    async (program, authentication, algorithm) => {
      const told = await runClient<Told>(interpreterOf(program), program, given(authentication, algorithm));
      expect(told.token).toMatchObject({ expires_in: 3600, scope: SCOPE });
      expect(told.introspected).toMatchObject({ active: true, client_id: clientIdOf(authentication), scope: SCOPE });
      expect(told.afterwards).toEqual({ active: false });
      expect(await tester.checks(told.token.access_token)).toEqual(tester.everywhere('401 revoked'));
    },
    60_000,
  );

  it.each(SECRET)(
    'simple-oauth2 gets a token by %s at its preset paths, and revokes it',
    async (authentication) => {
      const { token } = await runClient<Told>(process.execPath, 'node/simple-oauth2.mjs', given(authentication));
      expect(token).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: SCOPE });
      expect(await tester.checks(token.access_token)).toEqual(tester.everywhere('401 revoked'));
    },
    60_000,
  );

  it('jose verifies an access token by the published keys', async () => {
    const token = await accessToken(tester.system.url, withSecret, SCOPE);
    const { issuer, jwks_uri } = metadata;
    const verified = await jwtVerify(token, createRemoteJWKSet(new URL(jwks_uri)), {
      ...{ issuer, audience: issuer, algorithms: ['RS256'], typ: 'at+jwt' },
      requiredClaims: ['iss', 'aud', 'sub', 'client_id', 'jti', 'iat', 'exp', 'scope'],
    });
    expect(verified.payload).toMatchObject({ sub: withSecret.clientId, client_id: withSecret.clientId, scope: SCOPE });
  });

  it('PyJWT verifies an access token by the published keys', async () => {
    const token = await accessToken(tester.system.url, withSecret, SCOPE);
    const { issuer, jwks_uri: jwksUri } = metadata;
    const verified = await runClient<object>(python, 'python/verify_with_pyjwt.py', {
      ...{ token, issuer, jwksUri, audience: issuer, algorithm: 'RS256' },
    });
    expect(verified).toMatchObject({
      header: { alg: 'RS256', typ: 'at+jwt' },
      claims: { client_id: withSecret.clientId, scope: SCOPE },
    });
  });

  it('S1-08 S1-10 S1-11 the class of the S4E documents gets a token, calls with it, keeps it, and gets the next one 60 seconds before its end', async () => {
    const { url, assetsUrl, neighbourKey } = tester.system;
    const scopes = ['assets:read', 'scans:write'];
    const application = await registerApplication(url, neighbourKey ?? '', { scopes });
    const given = { ...application, baseUrl: url, api: `${assetsUrl}/api/assets` };
    const told = await runClient<ToldByClass>(python, 'python/s4e_auth.py', given);
    expect(told.statuses).toEqual([200, 200]);
    expect(told.second).not.toBe(told.first);
    for (const token of [told.first, told.second]) {
      expect(await tester.checks(token, { scopes })).toEqual(tester.everywhere('200'));
    }
  }, 60_000);

  describe('the snippets of the S4E documents', () => {
    const newKey = async (fields: object) => {
      const answer = await callerOf(tester.system.url, tester.system.neighbourKey ?? '')('POST', '/api/keys', {
        ...{ name: 'a snippet', scopes: ['read:assets', 'write:assets'], ...fields },
      });
      expect(answer.status).toBe(201);
      return answer.json<{ data: { key: string } }>().data.key;
    };
    const run = (name: string, key: string) => runSnippet(python, name, { url: tester.system.assetsUrl, key });

    it('S1-04 S1-05 requests adds an asset with the key in the body, prints the message, and raises for a refusal', async () => {
      const added = await run('bulk_asset_add.py', await newKey({}));
      expect([added.code, added.out]).toEqual([0, '1 asset added.\n']);
      for (const [key, status] of [
        [await newKey({ assets: ['example.org'] }), '403'],
        [await newKey({ scopes: ['read:assets'] }), '403'],
        ['s4e_live_a1b2c3d4e5f6g7h8i9j0', '401'],
      ]) {
        const refused = await run('bulk_asset_add.py', key ?? '');
        expect([refused.code, refused.out]).toEqual([1, '']);
        expect(refused.err).toContain(`HTTPError: ${status} Client Error`);
      }
    }, 60_000);

    it('S1-06 the SDK lists the assets that the key is for, with hostname and security_score', async () => {
      await run('bulk_asset_add.py', await newKey({}));
      const listed = await run('list_assets.py', await newKey({}));
      expect([listed.code, listed.out]).toEqual([0, 'example.com None\n']);
      expect((await run('list_assets.py', await newKey({ assets: ['example.org'] }))).out).toBe('');
      const key = await newKey({ scopes: ['write:assets'] });
      const refused = await run('list_assets.py', key);
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('S4EError: ')]);
      expect(refused.err).not.toContain(key);
    }, 60_000);

    it('S1-06 the SDK sends its key whatever login a .netrc has for the host, and shows none that it cannot send', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'netrc-'));
      const netrc = path.join(folder, 'netrc');
      await writeFile(netrc, `machine ${new URL(tester.system.assetsUrl).hostname} login somebody password else\n`);
      const key = await newKey({});
      const listed = await runSnippet(python, 'list_assets.py', { url: tester.system.assetsUrl, key, netrc });
      await rm(folder, { recursive: true });
      expect([listed.code, listed.err]).toEqual([0, '']);
      const broken = await run('list_assets.py', `${key}\\n`);
      expect([broken.code, broken.err]).toEqual([1, expect.stringContaining('ValueError: api_key must be')]);
      expect(broken.err).not.toContain(key);
    }, 60_000);
  });
});
