import type { Secret } from '@latchkey/kernel';
import { formatKey, type Profile } from '@latchkey/access';
import { randomBytes } from 'node:crypto';
import type { Randomness } from '../application/ports';

export class CryptoRandomness implements Randomness {
  secret(profile: Profile): Secret {
    return formatKey(profile, 'live', randomBytes);
  }

  hex(digits: number): string {
    return randomBytes(Math.ceil(digits / 2))
      .toString('hex')
      .slice(0, digits);
  }
}
