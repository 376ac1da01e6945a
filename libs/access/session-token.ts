import { sessionId, workspaceId, type SessionId, type WorkspaceId } from '@latchkey/kernel';
import { isUuid, parseCompactJws } from './compact-jws';

/** What a session's token says of itself. Anybody can write such a text: only its digest, beside the session's, proves anything. */
export interface SessionTokenClaims {
  readonly sessionId: SessionId;
  readonly workspaceId: WorkspaceId;
  /** Which of the session's tokens it is, from 1. */
  readonly tokenNumber: number;
}

/** Of the header, beside `alg` HS256 (C10): it keeps a session's token apart from every other JWT. */
export const SESSION_TOKEN_TYPE = 'session+jwt';

/** So many refreshes has no session in its life. */
const NUMBER = /^[1-9][0-9]{0,8}$/;

/**
 * Reads a JWS whose header and claims are those of a session's token, without looking at its signature; null: it is something else, and no
 * session need be asked for.
 */
export function parseSessionToken(text: string): SessionTokenClaims | null {
  const { header, payload } = parseCompactJws(text) ?? {};
  if (header?.['alg'] !== 'HS256' || header['typ'] !== SESSION_TOKEN_TYPE) return null;
  const { sid, wid, jti } = payload ?? {};
  if (!isUuid(sid) || !isUuid(wid) || typeof jti !== 'string' || !jti.startsWith(`${sid}.`)) return null;
  const number = jti.slice(sid.length + 1);
  if (!NUMBER.test(number)) return null;
  return { sessionId: sessionId(sid), workspaceId: workspaceId(wid), tokenNumber: Number(number) };
}
