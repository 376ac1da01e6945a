import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import type { PublicJwk } from '../../domain/client/client';

const KEYS_MAX = 5;
const RSA_BITS_MIN = 2_048;
const RSA_BITS_MAX = 4_096;
/** NIST SP 800-56B §6.2: greater than 2^16. Longer than 32 bits it only makes a check slow. */
const EXPONENT_MIN = 65_537;
const EXPONENT_BYTES_MAX = 4;
/** Beside RFC 7518's of RSA keys: `k` of a symmetric one. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Without padding, and as one would write it again: one key has one form. */
const base64url = z
  .string()
  .max(1_000)
  .refine((text) => text !== '' && Buffer.from(text, 'base64url').toString('base64url') === text, {
    error: 'must be base64url without padding',
  });

const common = {
  kid: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[\x20-\x7e]*$/, 'must be printable ASCII')
    .optional(),
  use: z.literal('sig').optional(),
  key_ops: z.tuple([z.literal('verify')]).optional(),
};

const rsa = z
  .strictObject({
    kty: z.literal('RSA'),
    n: base64url,
    e: base64url,
    alg: z.enum(['RS256', 'PS256']).optional(),
    ...common,
  })
  .refine(({ n }) => bitsOf(n) >= RSA_BITS_MIN && bitsOf(n) <= RSA_BITS_MAX, {
    path: ['n'],
    error: `must be the modulus of an RSA key of ${RSA_BITS_MIN} to ${RSA_BITS_MAX} bits`,
  })
  .refine(({ e }) => isExponent(e), {
    path: ['e'],
    error: 'must be an odd exponent from 65537 on, of at most 32 bits',
  });

const ec = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: base64url,
  y: base64url,
  alg: z.literal('ES256').optional(),
  ...common,
});

const jwk = z
  .looseObject({})
  .refine((key) => !PRIVATE_MEMBERS.some((member) => member in key), {
    error: 'must be a public key: whoever has seen this one can sign with it, so make another',
    abort: true,
  })
  .pipe(z.discriminatedUnion('kty', [rsa, ec]))
  .transform(keptOf)
  .refine(isKey, { error: 'must be a public key: its numbers are none' });

/** The public keys of a client (RFC 7517 §5): 1 to 5, RSA of 2,048 to 4,096 bits or P-256. What is kept is what verifies a signature. */
export const jwksBody = z
  .strictObject({ keys: z.array(jwk).min(1).max(KEYS_MAX) })
  .transform(({ keys }) => keys)
  .refine((keys) => areDistinct(keys.flatMap(({ kid }) => (kid === undefined ? [] : [kid]))), {
    path: ['keys'],
    error: 'must have another kid for each key',
  })
  .refine((keys) => areDistinct(keys.map(({ n, x }) => n ?? x)), { path: ['keys'], error: 'must have each key once' });

const areDistinct = (items: readonly unknown[]): boolean => new Set(items).size === items.length;

function keptOf(key: z.output<typeof rsa> | z.output<typeof ec>): PublicJwk {
  const { kty, kid, alg } = key;
  const numbers = key.kty === 'RSA' ? { n: key.n, e: key.e } : { crv: key.crv, x: key.x, y: key.y };
  return { kty, ...numbers, ...(kid !== undefined && { kid }), ...(alg !== undefined && { alg }) };
}

/** 0 for one with a leading zero, which is no key's form (RFC 7518 §6.3.1.1). */
function bitsOf(number: string): number {
  const [first = 0, ...rest] = Buffer.from(number, 'base64url');
  return first === 0 ? 0 : rest.length * 8 + first.toString(2).length;
}

function isExponent(number: string): boolean {
  const bytes = Buffer.from(number, 'base64url');
  if (bytes.length > EXPONENT_BYTES_MAX || bytes[0] === 0) return false;
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return value >= EXPONENT_MIN && value % 2 === 1;
}

/** A point of the curve, say. */
function isKey(key: PublicJwk): boolean {
  try {
    createPublicKey({ key, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}
