import { constants, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** JSON of any form: what a forger writes need not be what a library would. */
export type Json = Readonly<Record<string, unknown>>;

/** What signs the text of a JWS. Answers its signature in base64url. */
export type JwsSigner = (text: string) => string;

const encoded = (part: Json | string) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

/** A JWS in its compact form (RFC 7515 §7.1). */
export function jws(header: Json, claims: Json | string, signer: JwsSigner): string {
  const text = `${encoded(header)}.${encoded(claims)}`;
  return `${text}.${signer(text)}`;
}

export const partsOf = (token: string): readonly [string, string, string] => {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return [header, claims, signature];
};

export const decoded = (part: string): Json => JSON.parse(Buffer.from(part, 'base64url').toString()) as Json;

const signature = (text: string, key: Parameters<typeof sign>[2]) =>
  sign('sha256', Buffer.from(text), key).toString('base64url');

export const rs256 =
  (key: KeyObject): JwsSigner =>
  (text) =>
    signature(text, key);

export const ps256 =
  (key: KeyObject): JwsSigner =>
  (text) =>
    signature(text, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });

export const es256 =
  (key: KeyObject): JwsSigner =>
  (text) =>
    signature(text, { key, dsaEncoding: 'ieee-p1363' });

export const hs256 =
  (secret: string | Buffer): JwsSigner =>
  (text) =>
    createHmac('sha256', secret).update(text).digest('base64url');

export const unsigned: JwsSigner = () => '';

export const newRsaKey = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
export const newEcKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same bytes by another text: the last character has bits that stand for nothing (RFC 4648 §3.5). */
export function otherSpelling(base64url: string): string {
  const last = ALPHABET.indexOf(base64url.slice(-1));
  const unused = base64url.length % 4 === 2 ? 4 : 2;
  if (base64url.length % 4 < 2) throw new Error('each of its bits stands for something');
  return base64url.slice(0, -1) + (ALPHABET[last ^ (unused - 1)] ?? '');
}
