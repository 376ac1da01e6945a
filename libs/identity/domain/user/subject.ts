import type { UserSubject } from '@latchkey/contracts';
import type { ActiveUser, ErasedUser } from './user';

/** What decisions need to know of a user. */
export function userSubject(user: ActiveUser | ErasedUser): UserSubject {
  const { sessionGeneration } = user;
  if (user.status === 'Erased') return { kind: 'user', status: 'suspended', roles: {}, sessionGeneration };
  const roles = Object.entries(user.memberships).flatMap(([workspaceId, { role, suspended }]) =>
    suspended ? [] : [[workspaceId, role] as const],
  );
  return { kind: 'user', status: 'active', roles: Object.fromEntries(roles), sessionGeneration };
}
