import { AppError } from '@latchkey/kernel';
import type { Issuance, IssuedKey } from '../application/issuance';
import type { ExistingKey } from '../application/ports';

/**
 * What there is to be shown of an issuance.
 * @param idOf the key's id as the surface shows it
 * @throws AppError `key.secret_already_issued` with the key's id, to a request that is repeated (C31)
 */
export function shownOnce(issuance: Issuance, idOf: (key: ExistingKey) => string): IssuedKey {
  if (issuance.kind === 'issued') return issuance;
  throw new AppError('key.secret_already_issued', { details: { key_id: idOf(issuance.key) } });
}
