import { assertNever, Secret } from '@latchkey/kernel';
import { calculateJwkThumbprint } from 'jose';
import {
  createHash,
  createPrivateKey,
  generateKeyPair,
  sign,
  type KeyObject,
  type SignKeyObjectInput,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { Signer, SigningKeyPair, SigningMachinery } from '../application/ports-signing-keys';
import type { Sha256 } from '../application/ports-tokens';
import type { PublicSigningKey, SigningAlgorithm } from '../domain/signing-key/signing-keys';

const generate = promisify(generateKeyPair);
/** With a callback, which has it done in the pool of threads: checks of the same process go on meanwhile. */
const signAside = promisify(sign);

/** At least 2,048 (RFC 7518 §3.3): a longer one would sign at a fraction of the speed, and verify slower everywhere. */
const RSA_BITS = 2_048;

/** Keys by `node:crypto`. */
export class NodeSigningMachinery implements SigningMachinery {
  async generate(algorithm: SigningAlgorithm): Promise<SigningKeyPair> {
    const { publicKey, privateKey } = await pairOf(algorithm);
    const jwk = publicKey.export({ format: 'jwk' });
    return {
      kid: await calculateJwkThumbprint(jwk),
      algorithm,
      jwk: jwk as Record<string, string>,
      privateKey: new Secret(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
    };
  }

  signerOf({ kid, algorithm }: PublicSigningKey, privateKey: Secret): Signer {
    const input = inputOf(algorithm, createPrivateKey(privateKey.reveal()));
    return {
      ...{ kid, algorithm },
      sign: async (text) => (await signAside('sha256', Buffer.from(text), input)).toString('base64url'),
    };
  }
}

function pairOf(algorithm: SigningAlgorithm): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  switch (algorithm) {
    case 'RS256':
      return generate('rsa', { modulusLength: RSA_BITS });
    case 'ES256':
      return generate('ec', { namedCurve: 'P-256' });
    default:
      return assertNever(algorithm);
  }
}

/** RSASSA-PKCS1-v1_5 is what Node takes for an RSA key by default; of ECDSA, RFC 7518 §3.4 wants both numbers side by side. */
const inputOf = (algorithm: SigningAlgorithm, key: KeyObject): SignKeyObjectInput =>
  algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : { key };

export const nodeSha256: Sha256 = (text) => createHash('sha256').update(text).digest();
