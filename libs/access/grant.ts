import { assetsWithin, expiryWithin, ipsWithin, planWithin, scopesWithin } from './containment';
import { UNLIMITED_PLAN } from './profiles/common';
import type { Profile } from './profiles/profile';

/** What a credential allows. */
export interface Grant {
  /** Canonical scopes. */
  readonly scopes: readonly string[];
  readonly plan: string;
  readonly assets: 'all' | readonly string[];
  /** Addresses and CIDR ranges in normal form; empty: any address. */
  readonly allowedIps: readonly string[];
  /** When it ends, null: never. */
  readonly expiresAt: Date | null;
}

/** What whoever grants has themselves. */
export interface GrantorsOwn {
  readonly profile: Profile;
  readonly grant: Grant;
  /** Whether its user owns the workspace: only then the plan `unlimited` may be granted (C23). */
  readonly ofOwner: boolean;
}

export type GrantField = 'scopes' | 'plan' | 'assets' | 'allowed_ips' | 'expires_at';

/** Nobody grants beyond their own (C18): the first field in which `granted` reaches further, undefined when it nowhere does. */
export function fieldBeyond(granted: Grant, { profile, grant: own, ofOwner }: GrantorsOwn): GrantField | undefined {
  if (!scopesWithin(profile, granted.scopes, own.scopes)) return 'scopes';
  if (!planWithin(profile, granted.plan, own.plan)) return 'plan';
  if (granted.plan === UNLIMITED_PLAN && !ofOwner) return 'plan';
  if (!assetsWithin(granted.assets, own.assets)) return 'assets';
  if (!ipsWithin(granted.allowedIps, own.allowedIps)) return 'allowed_ips';
  return expiryWithin(granted.expiresAt, own.expiresAt) ? undefined : 'expires_at';
}
