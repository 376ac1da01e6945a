import type { UserSubject } from '@latchkey/contracts';
import type { ActiveUser, ErasedUser } from './user';

/** What decisions need to know of a user. */
export function userSubject(user: ActiveUser | ErasedUser): UserSubject {
  const { sessionGeneration } = user;
  if (user.status === 'Erased') return { kind: 'user', status: 'suspended', roles: {}, sessionGeneration };
  const memberships = Object.entries(user.memberships).filter(([, { suspended }]) => !suspended);
  const roles = memberships.map(([workspaceId, { role }]) => [workspaceId, role] as const);
  const setIds = memberships.flatMap(([workspaceId, { scopeSetIds }]) =>
    scopeSetIds.length === 0 ? [] : [[workspaceId, scopeSetIds] as const],
  );
  return {
    kind: 'user',
    status: 'active',
    roles: Object.fromEntries(roles),
    ...(setIds.length > 0 && { scopeSetIds: Object.fromEntries(setIds) }),
    sessionGeneration,
  };
}
