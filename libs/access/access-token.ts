import type { AccessTokenRef, SigningKeySubject } from '@latchkey/contracts';
import { clientId, workspaceId } from '@latchkey/kernel';
import { isUuid, parseCompactJws } from './compact-jws';

/** What an access token says (RFC 9068). Anybody can write such a text: its signature proves it. */
export interface AccessTokenClaims {
  /** Of the header: whoever verifies it goes by the key's own algorithm, and this must be the same. */
  readonly algorithm: SigningKeySubject['algorithm'];
  readonly issuer: string;
  readonly audience: string;
  readonly token: AccessTokenRef;
}

/** Of the header: RFC 9068 §2.1, or as a profile wants it. */
export const ACCESS_TOKEN_TYPES = ['at+jwt', 'JWT'] as const;

/** RFC 7638: SHA-256 in base64url. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;
/** RFC 6749 §3.3, or none. */
const SCOPES = /^(?:[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*)?$/;
/** Seconds; the end of the year 9999. */
const TIME_MAX = 253_402_300_799;

/**
 * Reads a JWS whose header and claims are those of an access token of ours, without looking at its signature; null: it is something else, and
 * neither a key nor a client need be asked for. The header has what ours has and nothing more: what we do not write nobody shall make us read
 * (`jku`, `x5u`, `jwk`, `crit`).
 */
export function parseAccessToken(text: string): AccessTokenClaims | null {
  const { header, payload } = parseCompactJws(text) ?? {};
  if (header === undefined || payload === undefined || Object.keys(header).length !== 3) return null;
  const { alg, typ, kid } = header;
  if ((alg !== 'RS256' && alg !== 'ES256') || !ACCESS_TOKEN_TYPES.some((type) => type === typ)) return null;
  if (typeof kid !== 'string' || !THUMBPRINT.test(kid)) return null;
  const { iss, aud } = payload;
  const token = tokenIn(payload, kid);
  if (token === null || typeof iss !== 'string' || typeof aud !== 'string') return null;
  return { algorithm: alg, issuer: iss, audience: aud, token };
}

function tokenIn(payload: Readonly<Record<string, unknown>>, signingKeyId: string): AccessTokenRef | null {
  const { sub, client_id: client, jti, iat, exp, scope, wid, gen } = payload;
  if (!isUuid(client) || sub !== client || !isUuid(jti) || !isUuid(wid)) return null;
  if (!isInteger(iat, 0, TIME_MAX) || !isInteger(exp, iat + 1, TIME_MAX)) return null;
  if (!isInteger(gen, 1, Number.MAX_SAFE_INTEGER) || typeof scope !== 'string' || !SCOPES.test(scope)) return null;
  return {
    workspaceId: workspaceId(wid),
    clientId: clientId(client),
    jti,
    generation: gen,
    scopes: scope === '' ? [] : scope.split(' '),
    signingKeyId,
    issuedAtMs: iat * 1_000,
    expiresAtMs: exp * 1_000,
  };
}

const isInteger = (value: unknown, least: number, most: number): value is number =>
  Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
