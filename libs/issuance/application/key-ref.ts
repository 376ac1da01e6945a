import { AppError } from '@latchkey/kernel';
import type { KeyReach } from './key-reaches';
import type { ListedKey, KeyList } from './ports';

/** `<key id>`, `<display id>`, or one of them with `.<n>` for its n-th secret (C29). */
const KEY_REF = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|key-[0-9a-f]{8,32})(?:\.([1-9][0-9]{0,8}))?$/;

export interface FoundKey {
  readonly key: ListedKey;
  /** The secret that the id named, `null` when it named the key. */
  readonly secretNumber: number | null;
}

/** @throws AppError `key.not_found`, the same for a key out of reach, for none, and for an id that cannot be one. */
export async function findKey(keys: KeyList, reach: KeyReach, ref: string): Promise<FoundKey> {
  const [, id, number] = KEY_REF.exec(ref) ?? [];
  const key = id === undefined ? null : await keys.find(reach, id);
  const secretNumber = number === undefined ? null : Number(number);
  if (!key || (secretNumber !== null && secretNumber > key.lastSecretNumber)) throw new AppError('key.not_found');
  return { key, secretNumber };
}
