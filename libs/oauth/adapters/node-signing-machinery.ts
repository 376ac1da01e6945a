import { assertNever, Secret } from '@latchkey/kernel';
import { calculateJwkThumbprint } from 'jose';
import { createHash, createPrivateKey, generateKeyPair, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Signer, SigningKeyPair, SigningMachinery } from '../application/ports-signing-keys';
import type { Sha256 } from '../application/ports-tokens';
import type { PublicSigningKey, SigningAlgorithm } from '../domain/signing-key/signing-keys';

const generate = promisify(generateKeyPair);
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
    const key = createPrivateKey(privateKey.reveal());
    const signature = SIGNATURES[algorithm];
    return { kid, algorithm, sign: async (text) => (await signature(key, Buffer.from(text))).toString('base64url') };
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

const SIGNATURES: Readonly<Record<SigningAlgorithm, (key: KeyObject, text: Buffer) => Buffer | Promise<Buffer>>> = {
  // RSASSA-PKCS1-v1_5, as Node takes it for an RSA key. It takes some 250 µs: in the pool of threads, so that what else this process does goes on.
  RS256: (key, text) => signAside('sha256', text, key),
  // Both numbers side by side (RFC 7518 §3.4). It takes some 30 µs, and handing it over would take as long.
  ES256: (key, text) => sign('sha256', text, { key, dsaEncoding: 'ieee-p1363' }),
};

export const nodeSha256: Sha256 = (text) => createHash('sha256').update(text).digest();
