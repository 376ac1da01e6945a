import { bstr } from 'crc-32';
import type { KeyShape } from './profiles/profile';

/**
 * CRC-32 (IEEE 802.3, as in zlib) of ASCII text, written in the shape's alphabet: most significant digit first, left-padded with
 * the alphabet's zero.
 */
export function checksumOf(text: string, { alphabet, checksumLength }: KeyShape): string {
  // The package gives a signed 32-bit integer.
  let rest = bstr(text) >>> 0;
  let digits = '';
  for (let place = 0; place < checksumLength; place += 1) {
    digits = alphabet.charAt(rest % alphabet.length) + digits;
    rest = Math.floor(rest / alphabet.length);
  }
  return digits;
}
