import { createHash } from 'node:crypto';

/** A secret that a test has issued or configured. */
export interface MarkedSecret {
  /** What a report calls it. */
  readonly name: string;
  readonly value: string;
  /** Its SHA-256 is looked for too, unless that is what is kept of it. */
  readonly isKeptAsDigest?: true;
}

/** One way in which a secret can be written down. */
export interface Form {
  readonly name: string;
  readonly bytes: Buffer;
  /** So many bytes in a row are as good as all of them: about 60 bits of the secret, which nobody meets by chance. */
  readonly piece: number;
}

const CHARACTERS = 12;

/** What is random in it: the prefix of a key is no secret. */
const randomPart = (value: string) => /^(?:[a-z0-9]+_(?:live|test|client)|mfa_temp)_(.+)$/s.exec(value)?.[1] ?? value;

const percentEncoded = (bytes: Buffer) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** Base64 of the bytes where something stands before them: a different text for each remainder of its length by 3. */
function base64At(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  // Characters at the ends also hold bits of the neighbours.
  const from = Math.ceil((before * 8) / 6);
  const to = Math.floor(((before + bytes.length) * 8) / 6);
  return text.slice(from, to);
}

const urlSafe = (base64: string) => base64.replaceAll('+', '-').replaceAll('/', '_');

const SHORT: Readonly<Record<number, string>> = { 7: 'a', 8: 'b', 9: 't', 10: 'n', 13: 'r', 34: '"', 92: '\\' };

/** Bytes as Redis shows them, in MONITOR say. */
export const asRedisShows = (bytes: Buffer): string =>
  [...bytes]
    .map((byte) => {
      if (SHORT[byte] !== undefined) return `\\${SHORT[byte]}`;
      return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');

/** Texts of some bytes that tell all of them. */
function texts(bytes: Buffer): Readonly<Record<string, string>> {
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((before) => [`base64 +${before}`, base64At(bytes, before)] as const);
  return {
    hex,
    'hex in capitals': hex.toUpperCase(),
    ...Object.fromEntries(base64),
    ...Object.fromEntries(base64.map(([name, text]) => [name.replace('base64', 'base64url'), urlSafe(text)])),
  };
}

/** Every form that is looked for: the secret itself, encodings of it, and its SHA-256 before the pepper. */
export function formsOf({ value, isKeptAsDigest }: MarkedSecret): readonly Form[] {
  const secret = Buffer.from(randomPart(value));
  const digest = createHash('sha256').update(value).digest();
  const plain = {
    plain: secret.toString(),
    'lower case': secret.toString().toLowerCase(),
    'upper case': secret.toString().toUpperCase(),
    'URL-encoded': encodeURIComponent(secret.toString()),
    'JSON-escaped': JSON.stringify(secret.toString()).slice(1, -1),
    'JSON-escaped twice': JSON.stringify(JSON.stringify(secret.toString())).slice(3, -3),
    'two bytes a character': secret.toString('utf8').split('').join('\0'),
    'percent-encoded': percentEncoded(secret),
    'percent-encoded in capitals': percentEncoded(secret).toUpperCase(),
  };
  const ofSecret = { ...plain, ...texts(secret) };
  const ofDigest = Object.entries(isKeptAsDigest ? {} : texts(digest)).map(
    ([name, text]) => [`SHA-256 in ${name}`, text] as const,
  );
  const forms = [...Object.entries(ofSecret), ...ofDigest].map(([name, text]) => ({
    name,
    bytes: Buffer.from(text),
    piece: pieceOf(name),
  }));
  const distinct = new Map(forms.reverse().map((form) => [form.bytes.toString('latin1'), form]));
  if (isKeptAsDigest) return [...distinct.values()];
  return [
    ...distinct.values(),
    { name: 'SHA-256', bytes: digest, piece: CHARACTERS },
    { name: 'SHA-256 as Redis shows it', bytes: Buffer.from(asRedisShows(digest)), piece: 3 * CHARACTERS },
  ];
}

function pieceOf(form: string): number {
  if (form.startsWith('percent-encoded')) return 3 * CHARACTERS;
  if (form.startsWith('two bytes')) return 2 * CHARACTERS - 1;
  if (form.includes('hex')) return 2 * CHARACTERS;
  // Where something stands before it, the first or the last one is shared with a neighbour.
  return form.includes('base64') ? (4 * CHARACTERS) / 3 - 1 : CHARACTERS;
}
