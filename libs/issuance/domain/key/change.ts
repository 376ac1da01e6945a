import { AppError } from '@latchkey/kernel';
import { grantDiffers, grantUpdates, sameList } from '@latchkey/access';
import type { KeyEvent, KeyUpdated } from '@latchkey/contracts';
import type { ChangeKey, KeyChanges } from './commands';
import { refuseBeyondGrantor, refuseOthersKey, widens } from './containment';
import { updated, type KeyState, type LivingKey } from './key';
import { active, living } from './standing';

const WIDENED = 'Only a credential that itself has all that the key would have can give it more.';

/**
 * A name is nobody's right, and a stronger key may be narrowed. But whoever widens one field grants the key with all its others: a
 * scope on a key that never ends, or everything that a key behind a list of addresses can do. And only to themselves.
 */
export function change({ changes, setScopes, grantor, now }: ChangeKey, state: KeyState): readonly KeyEvent[] {
  const key = living(state, now);
  refusePastExpiry(changes.expiresAt ?? null, now);
  const updates = updatesOf(changes).filter((data) => differs(key, data));
  const events = updates.map((data): KeyUpdated => ({ type: 'latchkey.key.updated.v1', data }));
  if (grantor.kind === 'credential' && updates.some((data) => widens(grantor.profile, key, data))) {
    refuseOthersKey(key, grantor);
    refuseBeyondGrantor(events.reduce(updated, active(key, now)), setScopes, grantor, WIDENED);
  }
  return events;
}

/** @throws AppError `key.expiry_in_past` */
export function refusePastExpiry(expiresAt: Date | null, now: Date): void {
  if (expiresAt === null || expiresAt > now) return;
  throw new AppError('key.expiry_in_past', { field: 'expires_at' });
}

type Update = KeyUpdated['data'];

const updatesOf = (changes: KeyChanges): readonly Update[] => [
  ...grantUpdates(changes),
  ...(changes.scopeSetIds === undefined ? [] : [{ changed: 'scope_sets', scopeSetIds: changes.scopeSetIds } as const]),
  ...(changes.tags === undefined ? [] : [{ changed: 'tags', tags: changes.tags } as const]),
  ...(changes.expiresAt === undefined
    ? []
    : [{ changed: 'expires_at', expiresAt: changes.expiresAt?.toISOString() ?? null } as const]),
];

function differs(key: LivingKey, update: Update): boolean {
  switch (update.changed) {
    case 'scope_sets':
      return !sameList(key.scopeSetIds, update.scopeSetIds);
    case 'tags':
      return !sameList(key.tags, update.tags);
    case 'expires_at':
      return (key.expiresAt?.toISOString() ?? null) !== update.expiresAt;
    case 'name':
    case 'scopes':
    case 'allowed_ips':
    case 'assets':
    case 'plan':
      return grantDiffers(key, update);
  }
}
