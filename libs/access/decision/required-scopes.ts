import type { Profile } from '../profiles/profile';
import { canonicalScope } from '../scopes';
import type { AccessRequest } from './access-request';

/**
 * The canonical scopes that a call needs; undefined stands for one that the profile does not have, which nobody has. An action that the profile has
 * as a scope is needed as one. Any other is what the service calls its doing, and no right.
 */
export function requiredScopes(
  profile: Profile,
  { scopes = [], action }: Pick<AccessRequest, 'scopes' | 'action'>,
): readonly (string | undefined)[] {
  const required = scopes.map((scope) => canonicalScope(profile, scope));
  const done = action === undefined ? undefined : canonicalScope(profile, action);
  return done === undefined ? required : [...required, done];
}
