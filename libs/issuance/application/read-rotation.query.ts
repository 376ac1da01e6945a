import type { Caller } from './caller';
import type { KeyReaches } from './key-reaches';
import { findKey } from './key-ref';
import type { KeyList, ListedKey } from './ports';
import type { OldSecretUses, OldSecretUsers } from './uses/old-secret-users';

export interface KeyWithOldSecretUsers {
  readonly key: ListedKey;
  /** Of its old secret, while that is in its grace period. */
  readonly users: OldSecretUsers;
}

/** Who still uses the old secret of a key. */
export class ReadRotationQuery {
  constructor(
    private readonly list: KeyList,
    private readonly reaches: KeyReaches,
    private readonly oldSecrets: Pick<OldSecretUses, 'of'>,
  ) {}

  /** @throws AppError `key.not_found` */
  async of(caller: Caller, ref: string): Promise<KeyWithOldSecretUsers> {
    const { key } = await findKey(this.list, await this.reaches.toRead(caller), ref);
    return { key, users: await this.oldSecrets.of(key.keyId) };
  }
}
