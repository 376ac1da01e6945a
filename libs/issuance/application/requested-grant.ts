import { readAssets, readIps, readPlan, readScopes as readScopesOf, type Profile } from '@latchkey/access';
import type { KeyChanges } from '../domain/key/commands';

/** What a request asks for besides scopes, in its own words. */
export interface RequestedGrant {
  readonly allowedIps?: readonly string[] | undefined;
  readonly assets?: 'all' | readonly string[] | undefined;
  readonly plan?: string | undefined;
}

/** @throws AppError `key.invalid_ip` or `key.unknown_plan`, with the field and what was sent */
export function readGrant(
  profile: Profile,
  { allowedIps, assets, plan }: RequestedGrant,
): Pick<KeyChanges, 'allowedIps' | 'assets' | 'plan'> {
  return {
    ...(allowedIps && { allowedIps: readIps(allowedIps, 'key.invalid_ip') }),
    ...(assets && { assets: readAssets(assets) }),
    ...(plan !== undefined && { plan: readPlan(profile, plan, 'key.unknown_plan') }),
  };
}

/** @throws AppError `key.unknown_scope` with the field and what was sent: an unknown scope is never dropped (C1) */
export const readScopes = (profile: Profile, texts: readonly string[]): NonNullable<KeyChanges['scopes']> =>
  readScopesOf(profile, texts, 'key.unknown_scope');
