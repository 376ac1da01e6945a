import { looksLikeKey, parseSessionToken } from '@latchkey/access';
import type { CheckedRef } from '@latchkey/contracts';
import type { AccessTokens } from './access-tokens';
import type { CredentialDirectory } from './credential-directory';
import type { Sha256 } from './ports';

export interface PresentedCredentialsParts {
  readonly keys: Pick<CredentialDirectory, 'find'>;
  /** Absent: access tokens are unknown. */
  readonly accessTokens?: Pick<AccessTokens, 'recall' | 'verify'> | undefined;
  readonly sha256: Sha256;
}

/** `unreadable`: the text is no credential of any kind, and nobody was asked; `unknown`: it looks like one, and is none. */
export type FoundCredential = CheckedRef | 'unreadable' | 'unknown';

/** Every JWS in compact form begins so: with `{"`. */
const JWS = 'eyJ';

/** Finds out what a text that was presented is: a key's secret, an access token, or a session's token. */
export class PresentedCredentials {
  constructor(private readonly parts: PresentedCredentialsParts) {}

  /**
   * @param asker on whose behalf owners are asked
   * @throws AppError `service.unavailable` when an owner cannot say, or too many wait for it
   */
  async find(text: string, asker: string): Promise<FoundCredential> {
    const { keys, accessTokens, sha256 } = this.parts;
    if (looksLikeKey(text)) return (await keys.find(sha256(text), asker)) ?? 'unknown';
    // No I/O for a text that can be neither: guessing costs the guesser more than us.
    if (!text.startsWith(JWS)) return 'unreadable';
    const digest = sha256(text);
    const known = accessTokens?.recall(digest);
    if (known !== undefined) return known;
    const session = parseSessionToken(text);
    if (session !== null) return { ...session, tokenSha256: hexadecimal(digest) };
    return accessTokens?.verify(text, digest, asker) ?? 'unreadable';
  }
}

const hexadecimal = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
