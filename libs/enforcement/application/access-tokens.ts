import { parseAccessToken } from '@latchkey/access';
import type { AccessTokenRef } from '@latchkey/contracts';
import { RecentlyUsed } from '@latchkey/kernel';
import type { SigningKeys } from './signing-keys';

export interface AccessTokenTerms {
  /** What `iss` and `aud` must be, character by character. */
  readonly issuer: string;
  readonly audience: string;
}

/**
 * Verifies access tokens: once each, as a signature that is good stays so. Whether the token has ended meanwhile, its client or its signing key,
 * is the subjects' business.
 */
export class AccessTokens {
  /** By digest. A token that has expired is used by nobody for long. */
  readonly #verified: RecentlyUsed<AccessTokenRef>;

  /** @param rememberedMax tokens, of about 1 KB each */
  constructor(
    private readonly terms: AccessTokenTerms,
    private readonly keys: Pick<SigningKeys, 'find'>,
    rememberedMax: number,
  ) {
    this.#verified = new RecentlyUsed(rememberedMax);
  }

  /** A token that was verified before. */
  recall(sha256: Uint8Array): AccessTokenRef | undefined {
    return this.#verified.get(nameOf(sha256));
  }

  /**
   * `unreadable`: it does not even look like one of ours, and nobody was asked; `unknown`: it is none.
   * @param asker on whose behalf a key is asked for that is not known yet
   * @throws AppError as `SigningKeys.find`
   */
  async verify(text: string, sha256: Uint8Array, asker: string): Promise<AccessTokenRef | 'unreadable' | 'unknown'> {
    const claims = parseAccessToken(text);
    const { issuer, audience } = this.terms;
    if (claims?.issuer !== issuer || claims.audience !== audience) return 'unreadable';
    const key = await this.keys.find(claims.token.signingKeyId, asker);
    // The key says which algorithm it is for; what the token says of it may at most agree.
    if (key?.algorithm !== claims.algorithm) return 'unknown';
    const end = text.lastIndexOf('.');
    if (!key.verify(text.slice(0, end), text.slice(end + 1))) return 'unknown';
    this.#verified.put(nameOf(sha256), claims.token);
    return claims.token;
  }
}

const nameOf = (sha256: Uint8Array): string => String.fromCharCode(...sha256);
