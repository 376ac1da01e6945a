import { AppError } from '@latchkey/kernel';
import { fieldBeyond, grantWidens, scopesWithSets, type Profile } from '@latchkey/access';
import type { ClientUpdated } from '@latchkey/contracts';
import type { Client, ClientGrant, PublicJwk } from './client';
import type { Grantor } from './commands';

const NEVER_ENDS =
  'A credential that expires can neither register an application nor strengthen one, as applications do not expire.';

/**
 * Nobody grants beyond their own (C18), neither by scopes nor by sets of them.
 * @param message what a client may read; the catalogue's text when absent
 * @throws AppError `client.exceeds_grantor`, with the field where a request has one for it; `stream.version_conflict` when the client has got
 * a set meanwhile
 */
export function refuseBeyondGrantor(
  granted: ClientGrant & Pick<Client, 'scopeSetIds'>,
  grantor: Grantor,
  message?: string,
): void {
  const grant = { ...granted, expiresAt: null };
  const scopes = scopesWithSets(granted.scopes, granted.scopeSetIds, grantor.setScopes);
  const field = fieldBeyond(grant, grantor) ?? (fieldBeyond({ ...grant, scopes }, grantor) && 'scope_sets');
  if (field === undefined) return;
  if (field === 'expires_at') throw new AppError('client.exceeds_grantor', { public: NEVER_ENDS });
  throw new AppError('client.exceeds_grantor', { field, ...(message !== undefined && { public: message }) });
}

/**
 * A client acts for its user: whoever holds its secret is that user to all who check its tokens. So its user alone is given one, and makes it
 * stronger, whatever the grantor has. Others can narrow, suspend and delete it.
 * @throws AppError `auth.forbidden`
 */
export function refuseOthersClient({ userId }: Client, grantor: Grantor): void {
  if (grantor.userId === userId) return;
  throw new AppError('auth.forbidden', {
    public:
      'This application belongs to another user: you can narrow, suspend or delete it, but neither rotate nor widen it.',
  });
}

/**
 * Whether the update gives more than there was before: further rights, longer-lived tokens, or a key that somebody signs with. A scope set does
 * whatever it holds now, as it may hold more some day.
 */
export function widens(profile: Profile, before: Client, update: ClientUpdated['data']): boolean {
  switch (update.changed) {
    case 'token_lifetime':
      return update.tokenLifetimeSeconds > before.tokenLifetimeSeconds;
    case 'public_keys':
      return !update.publicKeys.every((key) => before.publicKeys.some((known) => sameKey(key, known)));
    case 'scope_sets':
      return !update.scopeSetIds.every((id) => before.scopeSetIds.includes(id));
    case 'name':
    case 'scopes':
    case 'allowed_ips':
    case 'assets':
    case 'plan':
      return grantWidens(profile, before, update);
  }
}

/** Member by member: a key that is said to be for another algorithm, or has another name, is another one. */
export function sameKey(one: PublicJwk, other: PublicJwk): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
