import type { SigningKey } from '../../domain/signing-key/signing-keys';
import { ASSERTION_ALGORITHMS } from '../../application/client-assertions';
import { GRANT_TYPE } from '../../application/issue-token.handler';

/** How long others may keep what is published of keys and of the server. Keys are published for longer before they sign. */
export const PUBLISHED_MAX_AGE_SECONDS = 300;

export const TOKEN_URL = '/oauth/token';
export const INTROSPECTION_URL = '/oauth/introspect';
export const REVOCATION_URL = '/oauth/revoke';
export const JWKS_URL = '/.well-known/jwks.json';
export const METADATA_URL = '/.well-known/oauth-authorization-server';

const CLIENT_AUTHENTICATION = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;

/** Authorization server metadata (RFC 8414 §2). */
export function serverMetadata(issuer: string): Readonly<Record<string, unknown>> {
  const base = issuer.replace(/\/$/, '');
  return {
    issuer,
    token_endpoint: `${base}${TOKEN_URL}`,
    token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    jwks_uri: `${base}${JWKS_URL}`,
    // Required, though nothing here answers with one: there is no authorization endpoint.
    response_types_supported: [],
    grant_types_supported: [GRANT_TYPE],
    introspection_endpoint: `${base}${INTROSPECTION_URL}`,
    introspection_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    revocation_endpoint: `${base}${REVOCATION_URL}`,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
  };
}

/** Where the metadata is: of an issuer with a path also with that path behind it (RFC 8414 §3.1). */
export function metadataUrls(issuer: string): readonly string[] {
  const path = new URL(issuer).pathname.replace(/\/$/, '');
  return path === '' ? [METADATA_URL] : [METADATA_URL, `${METADATA_URL}${path}`];
}

/** A JWK set (RFC 7517 §5). Each key says what it is for and with which algorithm, so that none is used for another. */
export const jwkSet = (keys: readonly SigningKey[]): Readonly<Record<string, unknown>> => ({
  keys: keys.map(({ kid, algorithm, jwk }) => ({ ...jwk, kid, use: 'sig', alg: algorithm })),
});
