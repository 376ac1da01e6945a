import { sessionId, workspaceId, type SessionId, type WorkspaceId } from '@latchkey/kernel';

/** What a session's token says of itself. Anybody can write such a text: only its digest, beside the session's, proves anything. */
export interface SessionTokenClaims {
  readonly sessionId: SessionId;
  readonly workspaceId: WorkspaceId;
  /** Which of the session's tokens it is, from 1. */
  readonly tokenNumber: number;
}

/** Of the header, beside `alg` HS256 (C10): it keeps a session's token apart from every other JWT. */
export const SESSION_TOKEN_TYPE = 'session+jwt';

/** Ours have some 500 characters. */
const LENGTH_MAX = 4_096;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** So many refreshes has no session in its life. */
const NUMBER = /^[1-9][0-9]{0,8}$/;

/**
 * Reads a JWS in compact form (RFC 7515 §3.1) whose header and claims are those of a session's token, without looking at its signature;
 * null: it is something else, and no session need be asked for.
 */
export function parseSessionToken(text: string): SessionTokenClaims | null {
  if (text.length > LENGTH_MAX || !text.startsWith('eyJ')) return null;
  const [head = '', payload = '', signature = '', ...rest] = text.split('.');
  if (rest.length > 0 || decoded(signature) === null) return null;
  const header = objectIn(head);
  if (header?.['alg'] !== 'HS256' || header['typ'] !== SESSION_TOKEN_TYPE) return null;
  return claimsIn(objectIn(payload));
}

function claimsIn(payload: Readonly<Record<string, unknown>> | null): SessionTokenClaims | null {
  const { sid, wid, jti } = payload ?? {};
  if (!isUuid(sid) || !isUuid(wid) || typeof jti !== 'string' || !jti.startsWith(`${sid}.`)) return null;
  const number = jti.slice(sid.length + 1);
  if (!NUMBER.test(number)) return null;
  return { sessionId: sessionId(sid), workspaceId: workspaceId(wid), tokenNumber: Number(number) };
}

const isUuid = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);

function objectIn(part: string): Readonly<Record<string, unknown>> | null {
  const text = decoded(part);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Of base64url without padding (RFC 4648 §5), in its one spelling: another text for the same bytes is not decoded. */
function decoded(part: string): string | null {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return null;
  try {
    const bytes = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
    const again = btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
    return again === part ? bytes : null;
  } catch {
    return null;
  }
}
