import { canonicalScopes, coversScope, type Profile } from '@latchkey/access';
import type { Clock, IdSource } from '@latchkey/kernel';
import type { AuthenticatedClient } from './client-authentication';
import { OauthError } from './oauth-error';
import type { AccessTokenSigner } from './ports-tokens';

export interface IssuedToken {
  /** The token itself: whoever has it may do what it is for. */
  readonly token: string;
  readonly jti: string;
  readonly scopes: readonly string[];
  /** As the token says it. */
  readonly scope: string;
  readonly expiresInSeconds: number;
  readonly expiresAtMs: number;
}

export interface TokenIssuerParts {
  readonly signer: AccessTokenSigner;
  readonly issuer: string;
  readonly audience: string;
  readonly ids: IdSource;
  readonly clock: Clock;
}

/** Issues access tokens (RFC 9068). */
export class TokenIssuer {
  constructor(private readonly parts: TokenIssuerParts) {}

  /**
   * @param asked the parameter `scope`; undefined: all that the client may have
   * @throws OauthError `invalid_scope`; AppError `service.unavailable`: there is no signing key
   */
  async issue(client: AuthenticatedClient, asked: string | undefined): Promise<IssuedToken> {
    const { signer, issuer, audience, ids, clock } = this.parts;
    const { clientId, workspaceId, subject, profile } = client;
    const { canonical, asSent } = asked === undefined ? allOf(client) : scopesIn(client, asked);
    const issuedAt = Math.floor(clock.now().getTime() / 1_000);
    const expiresInSeconds = subject.tokenLifetimeSeconds;
    const jti = ids.next();
    const { token } = await signer.sign(profile.accessTokenType, {
      iss: issuer,
      aud: audience,
      sub: clientId,
      client_id: clientId,
      jti,
      iat: issuedAt,
      exp: issuedAt + expiresInSeconds,
      scope: asSent.join(' '),
      wid: workspaceId,
      gen: subject.tokenGeneration,
    });
    return {
      ...{ token, jti, expiresInSeconds },
      scopes: canonical,
      scope: asSent.join(' '),
      expiresAtMs: (issuedAt + expiresInSeconds) * 1_000,
    };
  }
}

interface TokenScopes {
  readonly canonical: readonly string[];
  readonly asSent: readonly string[];
}

/** Said in the canonical form, which is the one that the documents show for tokens (S1-14). */
function allOf({ scopes }: AuthenticatedClient): TokenScopes {
  if (scopes.length === 0) throw invalidScope('The client has no scopes.');
  return { canonical: scopes, asSent: scopes };
}

/** RFC 6749 §3.3, without the characters that a description cannot hold. */
const SCOPE_LIST = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;
const NAME_LENGTH_MAX = 100;

/** What was asked for, never more than the client has; a scope that it has not is named, and never dropped (C1). */
function scopesIn({ profile, scopes }: AuthenticatedClient, asked: string): TokenScopes {
  if (!SCOPE_LIST.test(asked)) throw invalidScope('The scope is no list of names with one space between them.');
  const named = canonicalScopes(profile, asked.split(' '));
  if (named.kind === 'unknown') throw invalidScope(`There is no scope ${clipped(named.text)}.`);
  const beyond = named.canonical.findIndex((scope) => !isHeld(profile, scopes, scope));
  if (beyond >= 0) throw invalidScope(`The client does not have the scope ${clipped(named.asSent[beyond] ?? '')}.`);
  return named;
}

const isHeld = (profile: Profile, scopes: readonly string[], scope: string): boolean =>
  scopes.includes(scope) || coversScope(profile, scopes, scope);

const clipped = (name: string): string =>
  name.length > NAME_LENGTH_MAX ? `${name.slice(0, NAME_LENGTH_MAX)}...` : name;

const invalidScope = (description: string): OauthError => new OauthError('invalid_scope', description);
