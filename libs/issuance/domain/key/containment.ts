import { AppError, assertNever } from '@latchkey/kernel';
import {
  assetsWithin,
  fieldBeyond,
  ipsWithin,
  planWithin,
  scopesWithin,
  type Grant,
  type Profile,
} from '@latchkey/access';
import type { KeyUpdated } from '@latchkey/contracts';
import type { Grantor } from './commands';
import type { Key } from './key';

/**
 * Nobody grants beyond their own (C18).
 * @param message what a client may read; the catalogue's text when absent
 * @throws AppError `key.exceeds_grantor` with the field
 */
export function refuseBeyondGrantor(granted: Grant, grantor: Grantor, message?: string): void {
  if (grantor.kind === 'installation') return;
  const field = fieldBeyond(granted, grantor);
  if (field === undefined) return;
  throw new AppError('key.exceeds_grantor', { field, ...(message !== undefined && { public: message }) });
}

/**
 * A key acts for its user: whoever holds a secret of it is that user to all who check it. So its user alone is given one, and makes it
 * stronger, whatever the grantor has. To others it can be revoked and narrowed.
 * @throws AppError `auth.forbidden`
 */
export function refuseOthersKey({ userId }: Key, grantor: Grantor): void {
  if (grantor.kind === 'installation' || grantor.userId === userId) return;
  throw new AppError('auth.forbidden', {
    public: 'This key belongs to another user: you can narrow or revoke it, but neither rotate nor widen it.',
  });
}

/** Whether the update gives more than there was before. */
export function widens(profile: Profile, before: Grant, update: KeyUpdated['data']): boolean {
  switch (update.changed) {
    case 'name':
      return false;
    case 'scopes':
      return !scopesWithin(profile, update.scopes, before.scopes);
    case 'allowed_ips':
      return !ipsWithin(update.allowedIps, before.allowedIps);
    case 'assets':
      return !assetsWithin(update.assets, before.assets);
    case 'plan':
      return !planWithin(profile, update.plan, before.plan);
    default:
      return assertNever(update);
  }
}
