import { randomUUID } from 'node:crypto';
import { importPKCS8, SignJWT } from 'jose';
import { newClientKey, registerWithKeys, type ClientKey } from '../harness/applications';
import { call, type Call } from '../harness/http';
import type { RecordingClient } from './client';

const APPLICATIONS = '/api/v1/oauth-applications';
const SCOPES = ['assets:read', 'enforcement:check'];
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ENDPOINTS = ['/oauth/token', '/oauth/introspect', '/oauth/revoke'];
const GRANT = { grant_type: 'client_credentials' };

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

const form = (path: string, fields: Readonly<Record<string, string>>, headers = {}): Call => ({
  method: 'POST',
  path,
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  body: new URLSearchParams(fields).toString(),
});

/** Tokens by every way of authentication, asked about, revoked, and put where none belongs. Answers one that is good, and one that was revoked. */
export async function useTokens(
  client: RecordingClient,
  url: string,
  adminKey: string,
): Promise<readonly [string, string]> {
  const admin = { credential: adminKey };
  const issue = (name: string, path: string, body: object) =>
    client.shown(url, name, { ...admin, method: 'POST', path, body }, (answer) => {
      const { id, client_secret: secret = '' } = answer.json<{ id: string; client_secret?: string }>();
      return { id, secret };
    });
  const token = async (name: string, sent: Call) => {
    const { whole } = await client.shown(url, `signature of an ${name}`, sent, (answer) => {
      const { access_token: whole } = answer.json<{ access_token: string }>();
      return { id: '', secret: signatureOf(whole), whole };
    });
    return whole;
  };

  const { id, secret } = await issue('client secret', APPLICATIONS, { name: 'searched', scopes: SCOPES });
  const { secret: rotated } = await issue('rotated client secret', `${APPLICATIONS}/${id}/rotate-secret`, {
    grace_period_hours: 1,
  });
  const inBody = { client_id: id, client_secret: secret };
  const live = await token('access token', form('/oauth/token', GRANT, basic(id, rotated)));
  const gone = await token('revoked access token', form('/oauth/token', { ...GRANT, ...inBody }));
  const key = await newClientKey('ES256');
  const withKeys = await registerWithKeys(url, adminKey, { scopes: SCOPES, keys: [key] });
  const byKey = await token(
    'access token by an assertion',
    form('/oauth/token', { ...GRANT, ...(await assertedBy(client, url, withKeys, key)) }),
  );

  await client.send(url, form('/oauth/revoke', { ...inBody, token: gone }));
  for (const each of [live, gone, byKey, adminKey, secret])
    await client.send(url, form('/oauth/introspect', { ...inBody, token: each }));
  const used = await assertedBy(client, url, withKeys, key);
  for (const path of ENDPOINTS) {
    for (const each of misplaced(path, { id, secret, token: live, assertion: used.client_assertion }))
      await client.send(url, each);
  }
  return [live, gone];
}

/** What a token says is no secret, but what signs it is. */
const signatureOf = (token: string): string => token.split('.')[2] ?? '';

/** An assertion (RFC 7523) that is good once, and is looked for like any secret. */
async function assertedBy(client: RecordingClient, url: string, clientId: string, { keyId, privateKey }: ClientKey) {
  const metadata = await call(url, { path: '/.well-known/oauth-authorization-server' });
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: keyId })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(metadata.json<{ issuer: string }>().issuer)
    .setJti(randomUUID())
    .setExpirationTime('1m')
    .sign(await importPKCS8(privateKey, 'ES256'));
  client.secrets.push({ name: 'signature of an assertion', value: signatureOf(assertion) });
  return { client_assertion_type: JWT_BEARER, client_assertion: assertion };
}

interface Shown {
  readonly id: string;
  readonly secret: string;
  readonly token: string;
  readonly assertion: string;
}

/** What clients get wrong, with everything that they have. */
function misplaced(path: string, { id, secret, token, assertion }: Shown): readonly Call[] {
  const asserted = { client_assertion_type: JWT_BEARER, client_assertion: assertion };
  return [
    // Twice: the second time it has been used.
    form(path, { ...GRANT, ...asserted, token }),
    form(path, { ...GRANT, ...asserted, token }),
    form(path, { ...asserted, client_assertion: `${assertion}x`, token }),
    form(path, { client_id: secret, client_secret: token, token }),
    form(path, { client_id: token, client_secret: secret, token: secret }),
    form(path, { ...GRANT, scope: `${secret} ${token}` }, basic(id, secret)),
    form(path, { grant_type: secret, token, token_type_hint: token, ip: secret, asset: token }, basic(id, secret)),
    form(path, { [secret]: token, [token]: secret, token: assertion }, basic(secret, token)),
    form(path, { client_id: id, client_secret: secret, token }, { authorization: `Bearer ${token}` }),
    form(path, { token }, { authorization: `Bearer ${secret}`, 'user-agent': token, 'x-request-id': secret }),
    form(path, { token: `${token}${'x'.repeat(100_000)}` }, basic(id, secret)),
    { ...form(path, {}), body: `token=${token}&token=${secret}` },
    { ...form(path, {}), body: `token=%zz${token}` },
    { method: 'POST', path, body: { client_id: id, client_secret: secret, token } },
    { path: `${path}?client_id=${id}&client_secret=${secret}&token=${token}` },
    { path: `${path}/${token}` },
  ];
}
