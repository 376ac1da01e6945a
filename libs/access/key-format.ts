import type { Secret } from '@latchkey/kernel';
import { isForeignKey } from './foreign-keys';
import type { Profile } from './profiles/profile';
import { formatSecret, parseSecret, type RandomBytes } from './secret-format';

export const ENVIRONMENTS = ['live', 'test'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** `checksum`: it has the shape of a secret, but a character of it is wrong. `shape`: it is something else than a key. */
export type ParsedKey =
  | { readonly kind: 'key'; readonly profile: Profile; readonly environment: Environment }
  | { readonly kind: 'malformed'; readonly error: 'shape' | 'checksum' };

/** Makes a key: `<prefix>_<live|test>_<random><checksum>`. @throws Error as `formatSecret` does */
export const formatKey = (profile: Profile, environment: Environment, randomBytes: RandomBytes): Secret =>
  formatSecret(profile, environment, randomBytes);

/** Tells offline whether a text can be a key. Whether such a key exists is another question. */
export function parseKey(text: string): ParsedKey {
  const parsed = parseSecret(text);
  if (parsed.kind === 'malformed') return parsed;
  const { profile, secretKind } = parsed;
  return secretKind === 'client'
    ? { kind: 'malformed', error: 'shape' }
    : { kind: 'key', profile, environment: secretKind };
}

/** Whether somebody has to be asked if there is such a key: one of our own that is not mistyped, or one from elsewhere. */
export const looksLikeKey = (text: string): boolean => parseKey(text).kind === 'key' || isForeignKey(text);
