import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Secret } from '@latchkey/kernel';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

export const newSealingKey = (): Buffer => randomBytes(KEY_BYTES);

/** A key for one use alone (RFC 5869), from the installation's master key. */
export const derivedKey = (master: Secret, use: string): Buffer =>
  Buffer.from(hkdfSync('sha256', master.reveal(), '', use, KEY_BYTES));

/**
 * AES-256-GCM: nonce, ciphertext, tag. The nonce is random, which NIST SP 800-38D allows for 2^32 texts under one key.
 * @param context what the text belongs to: it opens nowhere else
 */
export function seal(key: Buffer, text: Buffer, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error when it was sealed with another key or for another context, or was changed */
export function unseal(key: Buffer, sealed: Buffer, context: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(context))
    .setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}
