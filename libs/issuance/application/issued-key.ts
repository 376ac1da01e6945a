import type { Secret } from '@latchkey/kernel';
import type { ExistingKey } from './ports';

/** A key with a new secret: the only time that the secret is seen. */
export interface IssuedKey {
  readonly key: ExistingKey;
  readonly secret: Secret;
}
