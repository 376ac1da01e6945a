import { Secret, type UserId } from '@latchkey/kernel';
import { derivedKey, seal, unseal } from '@latchkey/platform';

/** Seeds of authenticators at rest: they must be read again, so they are sealed, each for its user. */
export class SealedSeeds {
  readonly #key: Buffer;

  constructor(masterKey: Secret) {
    this.#key = derivedKey(masterKey, 'latchkey/identity/totp/v1');
  }

  seal(userId: UserId, seed: Secret): Buffer {
    return seal(this.#key, Buffer.from(seed.reveal()), contextOf(userId));
  }

  unseal(userId: UserId, sealed: Buffer): Secret {
    return new Secret(unseal(this.#key, sealed, contextOf(userId)).toString());
  }
}

const contextOf = (userId: UserId): string => `totp/${userId}`;
