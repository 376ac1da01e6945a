import { AppError } from '@latchkey/kernel';
import { isExpired, type ActiveKey, type ExistingKey, type KeyState, type LivingKey } from './key';

/** @throws AppError `key.not_found` */
export function existing(state: KeyState): ExistingKey {
  if (state.status === 'None') throw new AppError('key.not_found');
  return state;
}

/** A key that has ended is not changed any more: it could only look alive. @throws AppError also `key.already_revoked`, `key.expired` */
export function living(state: KeyState, now: Date): LivingKey {
  const key = existing(state);
  if (key.status === 'Revoked') throw new AppError('key.already_revoked');
  if (isExpired(key, now)) throw new AppError('key.expired');
  return key;
}

/** A key that is suspended is not made stronger either. @throws AppError also `key.suspended` */
export function active(state: KeyState, now: Date): ActiveKey {
  const key = living(state, now);
  if (key.status === 'Suspended') throw new AppError('key.suspended');
  return key;
}
