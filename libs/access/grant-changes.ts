import { assetsWithin, ipsWithin, planWithin, scopesWithin } from './containment';
import type { Grant } from './grant';
import type { Profile } from './profiles/profile';

/** What a member has granted a machine, as keys and clients keep it. */
export interface NamedGrant extends Omit<Grant, 'expiresAt'> {
  readonly name: string;
  /** The scopes in the spelling of who granted them (C1). */
  readonly scopesAsSent: readonly string[];
}

/** Fields that are absent stay as they are. */
export interface GrantChanges {
  readonly name?: string;
  readonly scopes?: { readonly canonical: readonly string[]; readonly asSent: readonly string[] };
  readonly allowedIps?: readonly string[];
  readonly assets?: 'all' | readonly string[];
  readonly plan?: string;
}

/** One field with its new value, as events have it. */
export type GrantUpdate =
  | { readonly changed: 'name'; readonly name: string }
  | { readonly changed: 'scopes'; readonly scopes: readonly string[]; readonly scopesAsSent: readonly string[] }
  | { readonly changed: 'allowed_ips'; readonly allowedIps: readonly string[] }
  | { readonly changed: 'assets'; readonly assets: 'all' | readonly string[] }
  | { readonly changed: 'plan'; readonly plan: string };

/** What was asked for, field by field, also where it is so already. */
export const grantUpdates = ({ name, scopes, allowedIps, assets, plan }: GrantChanges): readonly GrantUpdate[] => [
  ...(name === undefined ? [] : [{ changed: 'name', name } as const]),
  ...(scopes === undefined
    ? []
    : [{ changed: 'scopes', scopes: scopes.canonical, scopesAsSent: scopes.asSent } as const]),
  ...(allowedIps === undefined ? [] : [{ changed: 'allowed_ips', allowedIps } as const]),
  ...(assets === undefined ? [] : [{ changed: 'assets', assets } as const]),
  ...(plan === undefined ? [] : [{ changed: 'plan', plan } as const]),
];

export function grantDiffers(before: NamedGrant, update: GrantUpdate): boolean {
  switch (update.changed) {
    case 'name':
      return before.name !== update.name;
    case 'scopes':
      return !sameList(before.scopes, update.scopes) || !sameList(before.scopesAsSent, update.scopesAsSent);
    case 'allowed_ips':
      return !sameList(before.allowedIps, update.allowedIps);
    case 'assets':
      return !sameList(listOf(before.assets), listOf(update.assets));
    case 'plan':
      return before.plan !== update.plan;
  }
}

/** Whether the update gives more than there was before. */
export function grantWidens(profile: Profile, before: NamedGrant, update: GrantUpdate): boolean {
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
  }
}

/** `of` after the update. */
export function withGrantUpdate<Of extends NamedGrant>(of: Of, update: GrantUpdate): Of {
  switch (update.changed) {
    case 'name':
      return { ...of, name: update.name };
    case 'scopes':
      return { ...of, scopes: update.scopes, scopesAsSent: update.scopesAsSent };
    case 'allowed_ips':
      return { ...of, allowedIps: update.allowedIps };
    case 'assets':
      return { ...of, assets: update.assets };
    case 'plan':
      return { ...of, plan: update.plan };
  }
}

/** Item by item, in order. */
export function sameList<Item>(
  one: readonly Item[],
  other: readonly (Item | undefined)[],
  same: (one: Item, other: Item) => boolean = (a, b) => a === b,
): boolean {
  return (
    one.length === other.length &&
    one.every((item, place) => {
      const there = other[place];
      return there !== undefined && same(item, there);
    })
  );
}

/** No asset has an empty name. */
const listOf = (assets: 'all' | readonly string[]): readonly string[] => (assets === 'all' ? [''] : assets);
