import { readAssets, readIps, readPlan, readScopes, readScopeSets } from '@latchkey/access';
import type { PublicJwk } from '../domain/client/client';
import type { ClientChanges, Grantor } from '../domain/client/commands';

/** What a request asks for, in its own words. Fields that are absent are not asked for. */
export interface RequestedClient {
  readonly name?: string | undefined;
  /** In any spelling of the workspace's profile. */
  readonly scopes?: readonly string[] | undefined;
  /** Ids of the workspace's scope sets, whose scopes it has besides. */
  readonly scopeSets?: readonly string[] | undefined;
  readonly allowedIps?: readonly string[] | undefined;
  readonly assets?: 'all' | readonly string[] | undefined;
  readonly plan?: string | undefined;
  /** 60 to 86,400. */
  readonly tokenLifetimeSeconds?: number | undefined;
  /** Of a client that authenticates by keys of its own: 1 to 5, good in themselves. */
  readonly publicKeys?: readonly PublicJwk[] | undefined;
}

/**
 * @param carried scope sets that the client has already
 * @throws AppError `client.unknown_scope`, `scope_set.unknown`, `client.invalid_ip` or `client.unknown_plan`, with the field and what was sent
 */
export function readRequested(
  { profile, setScopes }: Grantor,
  requested: RequestedClient,
  carried: readonly string[] = [],
): ClientChanges {
  const { name, scopes, scopeSets, allowedIps, assets, plan, tokenLifetimeSeconds, publicKeys } = requested;
  return {
    ...(name !== undefined && { name }),
    ...(scopes && { scopes: readScopes(profile, scopes, 'client.unknown_scope') }),
    ...(scopeSets && { scopeSetIds: readScopeSets(scopeSets, carried, setScopes) }),
    ...(allowedIps && { allowedIps: readIps(allowedIps, 'client.invalid_ip') }),
    ...(assets && { assets: readAssets(assets) }),
    ...(plan !== undefined && { plan: readPlan(profile, plan, 'client.unknown_plan') }),
    ...(tokenLifetimeSeconds !== undefined && { tokenLifetimeSeconds }),
    ...(publicKeys && { publicKeys }),
  };
}
