import { AppError } from '@latchkey/kernel';
import { expiryWithin, fieldBeyond, grantWidens, scopesWithSets, type Grant, type Profile } from '@latchkey/access';
import type { KeyUpdated } from '@latchkey/contracts';
import type { Grantor, ScopesOfSets } from './commands';
import type { Key } from './key';

/**
 * Nobody grants beyond their own (C18), neither by scopes nor by sets of them.
 * @param message what a client may read; the catalogue's text when absent
 * @throws AppError `key.exceeds_grantor` with the field; `stream.version_conflict` when the key has got a set meanwhile
 */
export function refuseBeyondGrantor(
  granted: Grant & Pick<Key, 'scopeSetIds'>,
  setScopes: ScopesOfSets,
  grantor: Grantor,
  message?: string,
): void {
  if (grantor.kind === 'installation') return;
  const scopes = scopesWithSets(granted.scopes, granted.scopeSetIds, setScopes);
  const field = fieldBeyond(granted, grantor) ?? (fieldBeyond({ ...granted, scopes }, grantor) && 'scope_sets');
  if (field === undefined) return;
  throw new AppError('key.exceeds_grantor', { field, ...(message !== undefined && { public: message }) });
}

/**
 * A key acts for its user: whoever holds a secret of it is that user to all who check it. So its user alone is given one, and makes it
 * stronger, whatever the grantor has. To others it can be revoked, suspended and narrowed.
 * @throws AppError `auth.forbidden`
 */
export function refuseOthersKey({ userId }: Key, grantor: Grantor): void {
  if (grantor.kind === 'installation' || grantor.userId === userId) return;
  throw new AppError('auth.forbidden', {
    public:
      'This key belongs to another user: you can narrow, suspend or revoke it, but neither rotate nor widen it, nor resume what they have suspended.',
  });
}

/** Whether the update gives more than there was before. What a set holds may change: another one is more, whatever it holds now. */
export function widens(profile: Profile, before: Key, update: KeyUpdated['data']): boolean {
  switch (update.changed) {
    case 'tags':
      return false;
    case 'scope_sets':
      return !update.scopeSetIds.every((id) => before.scopeSetIds.includes(id));
    case 'expires_at':
      return !expiryWithin(update.expiresAt === null ? null : new Date(update.expiresAt), before.expiresAt);
    case 'name':
    case 'scopes':
    case 'allowed_ips':
    case 'assets':
    case 'plan':
      return grantWidens(profile, before, update);
  }
}
