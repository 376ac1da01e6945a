import { constants, createPublicKey, hash, verify, type KeyObject } from 'node:crypto';
import type { ReadVerifyingKey } from '../application/ports';

const RSA_BITS_MIN = 2_048;

type Jwk = Readonly<Record<string, string>>;

/** RFC 7638 §3.2: the members that it names, in the order that it names. */
const thumbprintOf = ({ kty, e, n, crv, x, y }: Jwk): string =>
  hash('sha256', JSON.stringify(kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y }), 'base64url');

/** How each algorithm signs (RFC 7518 §3.3, §3.4), and which keys are for it. */
const ALGORITHMS = {
  RS256: {
    fits: ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) =>
      asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= RSA_BITS_MIN,
    options: { padding: constants.RSA_PKCS1_PADDING },
  },
  ES256: {
    fits: ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) =>
      asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1',
    options: { dsaEncoding: 'ieee-p1363' },
  },
} as const;

export const readVerifyingKey: ReadVerifyingKey = (id, { algorithm, jwk }) => {
  if (thumbprintOf(jwk) !== id) return null;
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const { fits, options } = ALGORITHMS[algorithm];
  if (!fits(key)) return null;
  return {
    algorithm,
    verify: (signed, signature) =>
      verify('sha256', Buffer.from(signed), { key, ...options }, Buffer.from(signature, 'base64url')),
  };
};
