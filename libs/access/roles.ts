import type { Role } from '@latchkey/contracts';
import { ADMIN_SCOPE } from './profiles/common';
import type { Profile, ScopeDefinition } from './profiles/profile';
import { scopesInCommon } from './scopes';

/** Of the system's own scopes, what every member needs to work: keys of their own, what may be granted, who else is there. */
const MEMBERS_SYSTEM_SCOPES: ReadonlySet<string> = new Set([
  'apikeys:read',
  'apikeys:write',
  'scopes:read',
  'users:read',
]);

const GRANTS: Readonly<Record<Role, (scope: ScopeDefinition) => boolean>> = {
  owner: ({ canonical }) => canonical === ADMIN_SCOPE,
  admin: ({ canonical }) => canonical === ADMIN_SCOPE,
  member: ({ canonical, admin = false, system = false }) => (system ? MEMBERS_SYSTEM_SCOPES.has(canonical) : !admin),
  auditor: ({ canonical, admin = false }) => !admin && canonical.endsWith(':read'),
};

/**
 * What a session may do in a workspace, by its user's role there: canonical scopes of the profile. An owner and an admin may do everything;
 * what is for owners alone (the plan `unlimited`, other owners) is judged where it is done. An auditor reads, and nothing else.
 */
export const scopesOfRole = ({ scopes }: Profile, role: Role): readonly string[] =>
  scopes.filter(GRANTS[role]).map(({ canonical }) => canonical);

/** What is left of canonical scopes to a member of that role: what both cover. */
export const scopesWithinRole = (profile: Profile, scopes: readonly string[], role: Role): readonly string[] =>
  scopesInCommon(profile, scopes, scopesOfRole(profile, role));
