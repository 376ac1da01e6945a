import { formatClientSecret, type Profile } from '@latchkey/access';
import type { Secret } from '@latchkey/kernel';
import { randomBytes } from 'node:crypto';
import type { Randomness } from '../application/ports';

export class CryptoRandomness implements Randomness {
  clientSecret(profile: Profile): Secret {
    return formatClientSecret(profile, randomBytes);
  }
}
