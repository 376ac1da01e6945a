import { readScopeSets, scopesOfToggles, type AccessToggles, type Profile } from '@latchkey/access';
import type { CreateKey } from '../domain/key/commands';
import type { Caller } from './caller';
import type { CallersGrant, Grantors } from './grantors';
import { readGrant, readScopes, type RequestedGrant } from './requested-grant';

/** What a new key is to be. */
export interface CreateKeyRequest extends RequestedGrant {
  readonly name: string;
  /** In any spelling of the workspace's profile; or all that read, or write. */
  readonly scopes: readonly string[] | AccessToggles;
  /** Ids of the workspace's scope sets, whose scopes it has besides. */
  readonly scopeSets?: readonly string[] | undefined;
  /** Empty: any. Absent: those of the caller's own key, any for a session. */
  readonly allowedIps?: readonly string[] | undefined;
  /** Absent: those of the caller's own key, all for a session. */
  readonly assets?: 'all' | readonly string[] | undefined;
  /** Absent: the profile's default. */
  readonly plan?: string | undefined;
  /** `null`: never. Absent: as long as the caller's own key, for ever for a session. */
  readonly expiresAt?: Date | null | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** What of the command the request decides. */
export type RequestedKey = Pick<CreateKey, 'name' | 'grant' | 'scopesAsSent' | 'scopeSetIds' | 'setScopes' | 'tags'>;

/**
 * What is not asked for is what the caller has, so that a short request does not ask for too much.
 * @throws AppError what `readGrant`, `readScopes`, `readScopeSets` and `Grantors.requirePolicy` throw
 */
export async function requestedKey(
  request: CreateKeyRequest,
  { grant: own, profile }: CallersGrant,
  grantors: Pick<Grantors, 'scopesOfSets' | 'requirePolicy'>,
  caller: Caller,
): Promise<RequestedKey> {
  const { name, scopes, scopeSets = [], expiresAt = own.expiresAt, tags = [] } = request;
  const [setScopes] = await Promise.all([
    grantors.scopesOfSets(caller, scopeSets),
    grantors.requirePolicy(caller, { expiresAt }),
  ]);
  const { canonical, asSent } = readScopes(profile, scopesIn(profile, scopes));
  const { allowedIps = own.allowedIps, plan = profile.defaultPlan, assets = own.assets } = readGrant(profile, request);
  return {
    name,
    scopesAsSent: asSent,
    grant: { scopes: canonical, allowedIps, plan, assets, expiresAt },
    scopeSetIds: readScopeSets(scopeSets, [], setScopes),
    setScopes,
    tags,
  };
}

const scopesIn = (profile: Profile, scopes: CreateKeyRequest['scopes']): readonly string[] =>
  'read' in scopes ? scopesOfToggles(profile, scopes) : scopes;
