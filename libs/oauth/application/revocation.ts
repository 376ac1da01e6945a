import { isClientSecret, isForeignKey, parseKey, parseSessionToken } from '@latchkey/access';
import type { DenialReason } from '@latchkey/contracts';
import type { ClientId, RequestId, WorkspaceId } from '@latchkey/kernel';
import { decodeJwt, type JWTPayload } from 'jose';
import { lookAt, type CredentialCheck } from './credential-check';
import { OauthError } from './oauth-error';
import type { RevokeAccessTokenHandler } from './revoke-access-token.handler';

/** A client that wants one of its tokens to end. */
export interface RevokingClient {
  readonly clientId: ClientId;
  readonly workspaceId: WorkspaceId;
}

/** What a token is that no check will ever let pass (again). */
const ENDED: ReadonlySet<DenialReason> = new Set(['unknown', 'revoked', 'expired', 'token_expired']);

/**
 * Revocation (RFC 7009) of a client's own access tokens. When it resolves, no check lets the token pass any more. A text that is no token, or
 * one that has ended, is fine: what the client wants is so already (§2.2).
 */
export class Revocation {
  constructor(
    private readonly access: CredentialCheck,
    private readonly revocations: Pick<RevokeAccessTokenHandler, 'execute'>,
  ) {}

  /**
   * @throws OauthError `unsupported_token_type` for an API key or a session's token, `unauthorized_client` for another client's access token
   * @throws AppError `auth.unavailable` when nobody could tell what it is
   */
  async revoke(client: RevokingClient, token: string, requestId: RequestId): Promise<void> {
    if (isNoAccessToken(token)) throw unsupported();
    const { issuedTo, ...issued } = claimsIn(token);
    // By what it says of itself, good or not: another client must not learn by the answer whether it still is.
    if (issuedTo !== undefined && issuedTo !== client.clientId)
      throw new OauthError('unauthorized_client', 'The token was issued to another client.');
    const result = await lookAt(this.access, token);
    if (result === null || (result.reason !== null && ENDED.has(result.reason))) return;
    if (issuedTo === undefined) throw unsupported();
    await this.revocations.execute({ ...client, ...issued, requestId });
  }
}

const unsupported = () => new OauthError('unsupported_token_type', 'Only access tokens are revoked here.');

/** As the token endpoint writes them; whether it has is for the check to say. */
function claimsIn(token: string) {
  const { client_id: issuedTo, jti = '', gen: generation = 0, exp = 0 } = payloadOf(token);
  return { issuedTo, jti, generation, expiresAt: new Date(exp * 1_000) };
}

function payloadOf(token: string): TokenClaims {
  try {
    return decodeJwt<TokenClaims>(token);
  } catch {
    return {};
  }
}

interface TokenClaims extends Pick<JWTPayload, 'jti' | 'exp'> {
  readonly client_id?: string;
  readonly gen?: number;
}

/** By its form alone, mistyped or not: who means to end a key, a secret or a session must not believe that it has ended. */
function isNoAccessToken(text: string): boolean {
  const key = parseKey(text);
  if (key.kind === 'key' || key.error === 'checksum') return true;
  return isForeignKey(text) || isClientSecret(text) || parseSessionToken(text) !== null;
}
