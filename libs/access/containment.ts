import type { Profile } from './profiles/profile';
import { holdingsCover, holdScopes } from './scopes';
import { planWindows } from './plans';
import { rangesCover } from './ip/ip-list';

/*
 * Nobody grants beyond their own (C18): each function says whether what is granted (`child`) lies within what its grantor has
 * (`parent`). All of them are transitive, so a chain of grants never widens.
 */

/** Canonical scopes. */
export function scopesWithin(profile: Profile, child: readonly string[], parent: readonly string[]): boolean {
  const held = [holdScopes(profile, parent)];
  return child.every((scope) => holdingsCover(profile, held, scope));
}

/**
 * Names of plans. A plan lies within another if it is at least as strict in each of the other's windows. That only an owner may
 * grant `unlimited` (C23) is a question of the grantor's role, which this does not see.
 */
export function planWithin(profile: Profile, child: string, parent: string): boolean {
  const childWindows = planWindows(profile, child);
  const parentWindows = planWindows(profile, parent);
  if (!childWindows || !parentWindows) return false;
  return parentWindows.every(({ name, limit }) =>
    childWindows.some((window) => window.name === name && window.limit <= limit),
  );
}

export const assetsWithin = (child: 'all' | readonly string[], parent: 'all' | readonly string[]): boolean =>
  parent === 'all' || (child !== 'all' && child.every((asset) => parent.includes(asset)));

/**
 * Lists of addresses and ranges; an empty one means any address. Neighbouring ranges of the parent count as one. An entry that
 * cannot be read lies within nothing, and nothing within it.
 */
export const ipsWithin = (child: readonly string[], parent: readonly string[]): boolean =>
  parent.length === 0 || (child.length > 0 && rangesCover(parent, child));

/** Ends; null: never. */
export const expiryWithin = (child: Date | null, parent: Date | null): boolean =>
  parent === null || (child !== null && child <= parent);
