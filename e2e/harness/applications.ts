import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, exportPKCS8, type JWK } from 'jose';
import { call, callerOf, type Answer } from './http';

/** An OAuth application that authenticates itself by a secret. */
export interface Application {
  readonly id: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A key pair of an application with `private_key_jwt`. */
export interface ClientKey {
  readonly keyId: string;
  readonly algorithm: 'RS256' | 'ES256';
  /** PKCS #8, PEM. */
  readonly privateKey: string;
  readonly publicJwk: JWK;
}

interface Registered {
  readonly id: string;
  readonly client_id: string;
  readonly client_secret?: string;
}

export interface ApplicationFields {
  readonly name?: string;
  readonly scopes: readonly string[];
  readonly [field: string]: unknown;
}

async function register(url: string, credential: string, fields: ApplicationFields): Promise<Registered> {
  const body = { name: 'Nightly inventory', ...fields };
  const answer = await callerOf(url, credential)('POST', '/api/v1/oauth-applications', body);
  if (answer.status !== 201) throw new Error(`registering answered ${answer.status}: ${answer.text}`);
  return answer.json<Registered>();
}

export async function registerApplication(
  url: string,
  credential: string,
  fields: ApplicationFields,
): Promise<Application> {
  const { id, client_id: clientId, client_secret: clientSecret = '' } = await register(url, credential, fields);
  return { id, clientId, clientSecret };
}

/** Registers one that has these public keys instead of a secret. Answers its `client_id`. */
export async function registerWithKeys(
  url: string,
  credential: string,
  { keys, ...fields }: ApplicationFields & { readonly keys: readonly ClientKey[] },
): Promise<string> {
  const jwks = { keys: keys.map(({ publicJwk }) => publicJwk) };
  const authentication = 'private_key_jwt';
  return (await register(url, credential, { ...fields, authentication, jwks })).client_id;
}

export async function newClientKey(algorithm: ClientKey['algorithm']): Promise<ClientKey> {
  const { publicKey, privateKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyId = `of ${algorithm}`;
  const publicJwk = { ...(await exportJWK(publicKey)), kid: keyId, alg: algorithm, use: 'sig' };
  return { keyId, algorithm, privateKey: await exportPKCS8(privateKey), publicJwk };
}

/** `POST`s a form to one of the endpoints of OAuth. */
export function postForm(
  url: string,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return call(url, {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
}

/** What the documented command sends: identifier and secret in the body. */
export const credentialsOf = ({ clientId, clientSecret }: Application) => ({
  client_id: clientId,
  client_secret: clientSecret,
});

/** An access token by the documented command. */
export async function accessToken(url: string, application: Application, scope?: string): Promise<string> {
  const fields = { grant_type: 'client_credentials', ...credentialsOf(application), ...(scope && { scope }) };
  const answer = await postForm(url, '/oauth/token', fields);
  if (answer.status !== 200) throw new Error(`/oauth/token answered ${answer.status}: ${answer.text}`);
  return answer.json<{ access_token: string }>().access_token;
}
