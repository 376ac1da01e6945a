import { foreignKeysWithin } from './foreign-keys';
import type { Profile } from './profiles/profile';
import { allProfiles, PROFILES } from './profiles/registry';
import { SECRET_KINDS } from './secret-format';

let known = { profiles: PROFILES, pattern: patternOf(PROFILES) };

/** Broken off, in the wrong case or mistyped: what is nearly a key may be as good as one. */
function patternOf(profiles: readonly Profile[]): RegExp {
  const prefixes = profiles.map(({ key }) => key.prefix).join('|');
  return new RegExp(`((?:${prefixes})_(?:${SECRET_KINDS.join('|')})_)[0-9a-z]+`, 'gi');
}

/** Keys of all profiles that there are. */
function keys(): RegExp {
  const profiles = allProfiles();
  if (known.profiles !== profiles) known = { profiles, pattern: patternOf(profiles) };
  return known.pattern;
}

/**
 * A session's or an access token (RFC 7515 §3.1), with its signature or a piece of it. On the way to the dot no `eyJ` is passed over but one
 * right before it: else a text of nothing but `eyJ` would be read to its end from each of them, and strangers write these texts.
 */
const TOKENS = /(eyJ)(?=[\w-]{10})(?:(?!eyJ)[\w-])*(?:eyJ(?:(?!eyJ)[\w-]){0,9})?\.[\w-]+(?:\.[\w-]*)?/g;

/** What stands between a right password and a second factor (S2-10). */
const CHALLENGES = /(mfa_temp_)[\w-]{10,}/gi;

/** An ASCII character as `%XX`, also when its percent sign was encoded again. */
const ENCODED = /%(?:25)*([0-7][0-9a-f])/gi;

const decode = (text: string) =>
  text.replace(ENCODED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
const mask = (text: string) =>
  [keys(), foreignKeysWithin(), TOKENS, CHALLENGES].reduce(
    (masked, secret) => masked.replace(secret, '$1[secret]'),
    text,
  );

/** Whether something in it looks like a key or a token: such a text is not to be kept. */
export const holdsKey = (text: string): boolean => maskKeys(text) !== text;

/** A text, a path say, as it may be logged, recorded and shown: whatever looks like a key or a token keeps its prefix only, percent-encoded or not. */
export function maskKeys(text: string): string {
  const decoded = decode(text);
  const masked = mask(decoded);
  return masked === decoded ? text : masked;
}
