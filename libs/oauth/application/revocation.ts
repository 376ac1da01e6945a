import { isClientSecret, parseKey, parseSessionToken } from '@latchkey/access';
import type { DenialReason } from '@latchkey/contracts';
import type { ClientId, RequestId, WorkspaceId } from '@latchkey/kernel';
import { decodeJwt } from 'jose';
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
    if (isNoAccessToken(token)) throw new OauthError('unsupported_token_type', 'Only access tokens are revoked here.');
    const result = await lookAt(this.access, token);
    if (result === null || (result.reason !== null && ENDED.has(result.reason))) return;
    const { issuedTo, ...issued } = claimsOf(token);
    if (issuedTo !== client.clientId)
      throw new OauthError('unauthorized_client', 'The token was issued to another client.');
    await this.revocations.execute({ ...client, ...issued, requestId });
  }
}

/** As the token endpoint has written them: the check has looked at the signature. */
function claimsOf(token: string) {
  const { client_id: issuedTo, jti = '', gen: generation = 0, exp = 0 } = decodeJwt<TokenClaims>(token);
  return { issuedTo, jti, generation, expiresAt: new Date(exp * 1_000) };
}

interface TokenClaims {
  readonly client_id?: string;
  readonly gen?: number;
}

/** By its form alone, mistyped or not: who means to end a key, a secret or a session must not believe that it has ended. */
function isNoAccessToken(text: string): boolean {
  const key = parseKey(text);
  return key.kind === 'key' || key.error === 'checksum' || isClientSecret(text) || parseSessionToken(text) !== null;
}
