import type { Secret } from '@latchkey/kernel';
import type { Profile } from './profiles/profile';
import { formatSecret, parseSecret, type RandomBytes } from './secret-format';

/**
 * Makes the secret of an OAuth client: `<prefix>_client_<random><checksum>`, otherwise as a key of the profile. It is good for the token
 * endpoint only, so it must not look like a key. @throws Error as `formatSecret` does
 */
export const formatClientSecret = (profile: Profile, randomBytes: RandomBytes): Secret =>
  formatSecret(profile, 'client', randomBytes);

/** Tells offline whether a text can be the secret of an OAuth client. */
export function isClientSecret(text: string): boolean {
  const parsed = parseSecret(text);
  return parsed.kind === 'secret' && parsed.secretKind === 'client';
}
