import { Secret } from '@latchkey/kernel';
import { checksumOf } from './checksum';
import type { KeyShape, Profile } from './profiles/profile';
import { profileOfPrefix } from './profiles/registry';

/** What a secret is, as it says itself after its prefix: a key of an environment, or the secret of an OAuth client. */
export const SECRET_KINDS = ['live', 'test', 'client'] as const;
export type SecretKind = (typeof SECRET_KINDS)[number];

/** Gives that many bytes of a cryptographically secure source. */
export type RandomBytes = (count: number) => Uint8Array;

/** `checksum`: it has the shape of a secret, but a character of it is wrong. `shape`: it is something else. */
export type ParsedSecret =
  | { readonly kind: 'secret'; readonly profile: Profile; readonly secretKind: SecretKind }
  | { readonly kind: 'malformed'; readonly error: 'shape' | 'checksum' };

/** What a profile's secrets look like, worked out when first needed. */
const shapes = new WeakMap<KeyShape, RegExp>();

function shapeOf(key: KeyShape): RegExp {
  const known = shapes.get(key);
  if (known) return known;
  const characters = `[${key.alphabet}]{${key.randomLength + key.checksumLength}}`;
  const shape = new RegExp(`^${key.prefix}_(${SECRET_KINDS.join('|')})_${characters}$`);
  shapes.set(key, shape);
  return shape;
}

/** Longer text is no secret of any profile; it is refused before it is looked at. */
const LENGTH_MAX = 100;

/**
 * Makes a secret: `<prefix>_<kind>_<random><checksum>`. Every random character is equally likely.
 * @throws Error when the source repeats itself so that no unbiased characters can be had of it.
 */
export function formatSecret(profile: Profile, secretKind: SecretKind, randomBytes: RandomBytes): Secret {
  const body = `${profile.key.prefix}_${secretKind}_${randomText(profile.key, randomBytes)}`;
  return new Secret(body + checksumOf(body, profile.key));
}

/** Tells offline whether a text can be a secret. Whether there is such a one is another question. */
export function parseSecret(text: string): ParsedSecret {
  const prefix = text.length > LENGTH_MAX ? '' : text.slice(0, Math.max(text.indexOf('_'), 0));
  const profile = profileOfPrefix(prefix);
  const secretKind = profile && shapeOf(profile.key).exec(text)?.[1];
  if (!profile || !isSecretKind(secretKind)) return { kind: 'malformed', error: 'shape' };
  const bodyLength = text.length - profile.key.checksumLength;
  const valid = checksumOf(text.slice(0, bodyLength), profile.key) === text.slice(bodyLength);
  return valid ? { kind: 'secret', profile, secretKind } : { kind: 'malformed', error: 'checksum' };
}

const isSecretKind = (text: string | undefined): text is SecretKind => SECRET_KINDS.some((kind) => kind === text);

/** A good source fails a round with a chance below 1 in 10^20, so this many failures mean a broken one. */
const ROUNDS_MAX = 16;

/** Bytes at or above the greatest multiple of the alphabet's length are thrown away: a plain remainder would favour the first letters. */
function randomText({ alphabet, randomLength }: KeyShape, randomBytes: RandomBytes): string {
  const fair = 256 - (256 % alphabet.length);
  let text = '';
  for (let round = 0; round < ROUNDS_MAX && text.length < randomLength; round += 1) {
    for (const byte of randomBytes(randomLength * 2)) {
      if (byte < fair && text.length < randomLength) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  if (text.length < randomLength) throw new Error('the source of random bytes is broken');
  return text;
}
