/** What can be shown at sign-in beside the password. */
export const ONE_TIME_CODE_DIGITS = 6;

/** ASCII digits and nothing else: what looks like a digit in another script, a space or a sign makes it another text. */
const ONE_TIME_CODE = new RegExp(`^[0-9]{${ONE_TIME_CODE_DIGITS}}$`);

export const isOneTimeCode = (text: string): boolean => ONE_TIME_CODE.test(text);

/** @param random from 0 to 10^6 - 1 */
export const oneTimeCodeOf = (random: number): string => String(random).padStart(ONE_TIME_CODE_DIGITS, '0');

/** How many a user has, each good once. */
export const RECOVERY_CODES = 10;
/** Random bytes of one, of which five bits each are used: 60 bits. */
export const RECOVERY_CODE_BYTES = 12;

/** Crockford's: letters that look like digits are left out, and read as those when they are typed all the same. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CHARACTERS = /^[0-9A-HJKMNP-TV-Z]{12}$/;

/** As it is shown: three groups of four. */
export const recoveryCodeOf = (random: Uint8Array): string =>
  Array.from(random, (byte) => ALPHABET.charAt(byte % ALPHABET.length))
    .join('')
    .replace(/.{4}(?=.)/g, '$&-');

/** The one form of a recovery code, without groups, however it was typed; `null`: it is none. */
export function parseRecoveryCode(text: string): string | null {
  const code = text.toUpperCase().replaceAll('-', '').replaceAll('O', '0').replace(/[IL]/g, '1');
  return CHARACTERS.test(code) ? code : null;
}
