import { dictionary } from '@zxcvbn-ts/language-common';
import type { CommonPasswords } from '../application/password-ports';

/** 49,000 passwords that were found in leaks most often, in lower case. */
const listed: ReadonlySet<string> = new Set(dictionary['passwords-common']);

/** By the list that comes with zxcvbn-ts, which is renewed several times a year. The rest of zxcvbn guesses; the list knows. */
export const listedPasswords: CommonPasswords = { isCommon: (password) => listed.has(password) };
