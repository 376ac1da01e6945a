import { Secret } from '@latchkey/kernel';
import { derivedKey } from '@latchkey/platform';
import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import type { Codes } from '../application/mfa-ports';
import {
  ONE_TIME_CODE_DIGITS,
  oneTimeCodeOf,
  RECOVERY_CODE_BYTES,
  recoveryCodeOf,
} from '../domain/second-factor/codes';

/** HMAC-SHA256 under a key from the installation's master key. */
export class KeyedCodes implements Codes {
  readonly #key: Buffer;

  constructor(masterKey: Secret) {
    this.#key = derivedKey(masterKey, 'latchkey/identity/codes/v1');
  }

  oneTimeCode(): Secret {
    return new Secret(oneTimeCodeOf(randomInt(10 ** ONE_TIME_CODE_DIGITS)));
  }

  recoveryCode(): Secret {
    return new Secret(recoveryCodeOf(randomBytes(RECOVERY_CODE_BYTES)));
  }

  digestOf(code: Secret, purpose: string): Buffer {
    // As JSON, so that no two pairs make one text.
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([purpose, code.reveal()]))
      .digest();
  }

  matches(code: Secret, purpose: string, digest: Uint8Array): boolean {
    const own = this.digestOf(code, purpose);
    return own.length === digest.length && timingSafeEqual(own, digest);
  }
}
