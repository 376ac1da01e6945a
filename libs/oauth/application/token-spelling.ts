import { allProfiles, canonicalScope } from '@latchkey/access';

/** In whatever spelling. No text stands for one scope in one profile and for another in another. */
const canonicalOf = (text: string): string =>
  allProfiles()
    .map((profile) => canonicalScope(profile, text))
    .find((canonical) => canonical !== undefined) ?? text;

/**
 * Scopes as the token that they belong to spells them, as far as it names them: a profile may have several spellings (C1), and who compares a
 * token with what is said of it shall find the same one.
 * @param said the token's claim `scope`
 */
export function spelledByToken(scopes: readonly string[], said: unknown): readonly string[] {
  const texts = typeof said === 'string' ? said.split(' ') : [];
  const own = new Map(texts.map((text) => [canonicalOf(text), text]));
  return scopes.map((scope) => own.get(canonicalOf(scope)) ?? scope);
}
