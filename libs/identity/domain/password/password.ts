/** In code points, after preparation. NIST SP 800-63B-4 §3.1.1.2 asks for 15 where a password stands alone, and for 8 beside another factor. */
export const PASSWORD_CHARACTERS_MIN = 12;
/** In UTF-16 code units: a bound for what is read, hashed and kept in memory, not a rule of taste. */
export const PASSWORD_LENGTH_MAX = 1_024;
/** What must be left of a password when the words that anybody would try for this account are taken out of it. */
const OWN_CHARACTERS_MIN = 8;
/** Shorter words say nothing: an `e-mail` local part of two letters is in every other sentence. */
const WORD_LENGTH_MIN = 3;

const CONTROL = /[\p{Cc}\p{Cs}]/u;

/**
 * One form of what was typed, on whatever keyboard: OpaqueString of RFC 8265 §4.2.2, where every space is U+0020 and the text is in NFC.
 * Neither case nor width is touched.
 */
export const preparedPassword = (text: string): string => text.replace(/\p{Zs}/gu, ' ').normalize('NFC');

export type PasswordProblem = 'too_short' | 'too_long' | 'control_characters' | 'common' | 'about_account';

export interface PasswordContext {
  /** Words that whoever knows the account would try first: the e-mail address's local part, the name of the product. */
  readonly words: readonly string[];
  isCommon(this: void, password: string): boolean;
}

/** What keeps a prepared text from becoming somebody's password; `null`: nothing. There are no rules of composition, on purpose. */
export function passwordProblem(password: string, { words, isCommon }: PasswordContext): PasswordProblem | null {
  if (password.length > PASSWORD_LENGTH_MAX) return 'too_long';
  if (CONTROL.test(password)) return 'control_characters';
  if (charactersIn(password) < PASSWORD_CHARACTERS_MIN) return 'too_short';
  if (charactersIn(without(words, password)) < OWN_CHARACTERS_MIN) return 'about_account';
  return variants(password.toLowerCase()).some((text) => isCommonOrTwo(text, isCommon)) ? 'common' : null;
}

const charactersIn = (text: string): number => [...text].length;

/** Longest first: of `anna` and `annabel`, the latter leaves less. */
const without = (words: readonly string[], password: string): string =>
  words
    .map((word) => word.toLowerCase())
    .filter((word) => word.length >= WORD_LENGTH_MIN)
    .sort((one, other) => other.length - one.length)
    .reduce((text, word) => text.replaceAll(word, ''), password.toLowerCase());

/** As it is, and without what is usually put around a password to make it pass: signs, then digits too. */
const variants = (password: string): readonly string[] => [
  password,
  password.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''),
  password.replace(/^\P{L}+|\P{L}+$/gu, ''),
];

/** Lists hold what is common, which is short: `passwordpassword` is two of them, and no better. */
function isCommonOrTwo(text: string, isCommon: PasswordContext['isCommon']): boolean {
  if (text === '' || isCommon(text)) return text !== '';
  for (let cut = 1; cut < text.length; cut += 1) {
    if (isCommon(text.slice(0, cut)) && isCommon(text.slice(cut))) return true;
  }
  return false;
}
