import { allProfiles } from './profiles/registry';

/*
 * Keys that somebody else has made, and whose digests were imported. They carry no checksum, so all that can be told offline is that a text
 * begins as such keys do.
 */

const PREFIX = /^(?=.{3,32}$)[a-z0-9_]*[a-z0-9]_$/;
/** Of what follows the prefix. Shorter text could be guessed; each text that looks like a key costs a look-up. */
const LENGTH_MIN = 16;
const LENGTH_MAX = 200;
/** Those of a bearer token (RFC 6750 §2.1). */
const CHARACTERS = '[A-Za-z0-9._~+/=-]';
/** What secrets of other kinds begin with. */
const RESERVED = ['mfa_temp_'];

const NONE = /(?!)/;

let known = { prefixes: [] as readonly string[], whole: NONE, within: NONE };

/** Takes the prefixes of such keys to be those of this process: at its start, before anything goes by them. Each as `foreignPrefixProblem` lets pass. */
export function useForeignPrefixes(prefixes: readonly string[]): void {
  const any = `(?:${prefixes.join('|')})`;
  known =
    prefixes.length === 0
      ? { prefixes, whole: NONE, within: NONE }
      : {
          prefixes,
          whole: new RegExp(`^${any}${CHARACTERS}{${LENGTH_MIN},${LENGTH_MAX}}$`),
          within: new RegExp(`(${any})${CHARACTERS}{${LENGTH_MIN},}`, 'gi'),
        };
}

export const foreignPrefixes = (): readonly string[] => known.prefixes;

/** What is wrong with a prefix: a sentence that goes on after it; undefined: nothing. */
export function foreignPrefixProblem(prefix: string): string | undefined {
  if (!PREFIX.test(prefix))
    return 'is not 3 to 32 lower-case letters, digits and underscores that end in one underscore';
  const own = allProfiles().find(({ key }) => prefix.startsWith(`${key.prefix}_`));
  if (own) return `begins as keys of the profile ${own.name} do`;
  return RESERVED.some((reserved) => reserved.startsWith(prefix) || prefix.startsWith(reserved))
    ? 'begins as secrets of another kind do'
    : undefined;
}

/** Whether the text looks like a key from elsewhere: 16 to 200 characters after one of the prefixes. */
export const isForeignKey = (text: string): boolean => known.whole.test(text);

/** Finds them in a text, broken off or in the wrong case. The prefix is its first group. */
export const foreignKeysWithin = (): RegExp => known.within;
