import { readIps, readPlan, readScopes, type Profile } from '@latchkey/access';
import type { PublicJwk } from '../domain/client/client';
import type { ClientChanges } from '../domain/client/commands';

/** What a request asks for, in its own words. Fields that are absent are not asked for. */
export interface RequestedClient {
  readonly name?: string | undefined;
  /** In any spelling of the workspace's profile. */
  readonly scopes?: readonly string[] | undefined;
  readonly allowedIps?: readonly string[] | undefined;
  readonly assets?: 'all' | readonly string[] | undefined;
  readonly plan?: string | undefined;
  /** 60 to 86,400. */
  readonly tokenLifetimeSeconds?: number | undefined;
  /** Of a client that authenticates by keys of its own: 1 to 5, good in themselves. */
  readonly publicKeys?: readonly PublicJwk[] | undefined;
}

/** @throws AppError `client.unknown_scope`, `client.invalid_ip` or `client.unknown_plan`, with the field and what was sent */
export function readRequested(profile: Profile, requested: RequestedClient): ClientChanges {
  const { name, scopes, allowedIps, assets, plan, tokenLifetimeSeconds, publicKeys } = requested;
  return {
    ...(name !== undefined && { name }),
    ...(scopes && { scopes: readScopes(profile, scopes, 'client.unknown_scope') }),
    ...(allowedIps && { allowedIps: readIps(allowedIps, 'client.invalid_ip') }),
    ...(assets && { assets: assets === 'all' ? assets : [...new Set(assets)].sort() }),
    ...(plan !== undefined && { plan: readPlan(profile, plan, 'client.unknown_plan') }),
    ...(tokenLifetimeSeconds !== undefined && { tokenLifetimeSeconds }),
    ...(publicKeys && { publicKeys }),
  };
}
