import { AppError } from '@latchkey/kernel';
import { assetsWithin, expiryWithin, ipsWithin, planWithin, scopesWithin, UNLIMITED_PLAN } from '@latchkey/access';
import type { Grantor } from './commands';
import type { Grant } from './key';

/**
 * Nobody grants beyond their own (C18); fields that are absent are not granted.
 * @throws AppError `key.exceeds_grantor` with the field
 */
export function refuseBeyondGrantor(granted: Partial<Grant>, grantor: Grantor): void {
  if (grantor.kind === 'installation') return;
  const { profile, grant: own, ofOwner } = grantor;
  const { scopes, plan, assets, allowedIps, expiresAt } = granted;
  const refusals: readonly (readonly [field: string, beyond: boolean])[] = [
    ['scopes', scopes !== undefined && !scopesWithin(profile, scopes, own.scopes)],
    ['plan', plan !== undefined && !(planWithin(profile, plan, own.plan) && (ofOwner || plan !== UNLIMITED_PLAN))],
    ['assets', assets !== undefined && !assetsWithin(assets, own.assets)],
    ['allowed_ips', allowedIps !== undefined && !ipsWithin(allowedIps, own.allowedIps)],
    ['expires_at', expiresAt !== undefined && !expiryWithin(expiresAt, own.expiresAt)],
  ];
  const refused = refusals.find(([, beyond]) => beyond);
  if (refused) throw new AppError('key.exceeds_grantor', { field: refused[0] });
}
