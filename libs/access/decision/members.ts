import type {
  KnownSubjects,
  Role,
  ScopeSetSubject,
  SubjectRef,
  UserSubject,
  WorkspaceSubject,
} from '@latchkey/contracts';
import type { Profile } from '../profiles/profile';
import { scopesOfRole } from '../roles';
import { bodyOf } from './known-subjects';

/** Undefined: no member, or suspended there. */
export const roleIn = (roles: Readonly<Record<string, Role>> = {}, workspaceId: string): Role | undefined =>
  Object.hasOwn(roles, workspaceId) ? roles[workspaceId] : undefined;

const NONE: readonly string[] = [];

/** Ids of the scope sets that a member has been given there, besides the role. */
export function setIdsIn(user: UserSubject | null | undefined, workspaceId: string): readonly string[] {
  const ids = user?.scopeSetIds;
  return ids !== undefined && Object.hasOwn(ids, workspaceId) ? (ids[workspaceId] ?? NONE) : NONE;
}

/** Names of scope sets, as a decision asks for them. */
export const setRefs = (ids: readonly string[]): readonly SubjectRef[] => ids.map((id) => ({ kind: 'scope_set', id }));

/** What a member may do in a workspace: what their role gives, and what the scope sets hold that they have been given besides. */
export interface MemberRights {
  readonly role: Role;
  readonly sets: readonly ScopeSetSubject[];
}

/** The same object each time, so that what is worked out from it can be remembered. */
const OF_ROLE_ALONE: Readonly<Record<Role, MemberRights>> = {
  owner: { role: 'owner', sets: [] },
  admin: { role: 'admin', sets: [] },
  member: { role: 'member', sets: [] },
  auditor: { role: 'auditor', sets: [] },
};

/**
 * Undefined: no member, or suspended there. A scope set that is gone, or is another workspace's, gives nothing; the role stays, so that nobody
 * is locked out for it.
 */
export function rightsIn(
  user: UserSubject | null | undefined,
  workspaceId: string,
  known: KnownSubjects,
): MemberRights | undefined {
  const role = roleIn(user?.roles, workspaceId);
  if (role === undefined) return undefined;
  const ids = setIdsIn(user, workspaceId);
  if (ids.length === 0) return OF_ROLE_ALONE[role];
  const sets = ids.flatMap((id) => bodyOf(known, 'scope_set', id) ?? []);
  return { role, sets: sets.filter((set) => set.workspaceId === workspaceId) };
}

/** Canonical scopes of a member. */
export const scopesOfMember = (profile: Profile, { role, sets }: MemberRights): readonly string[] =>
  sets.length === 0
    ? scopesOfRole(profile, role)
    : [...new Set([...scopesOfRole(profile, role), ...sets.flatMap(({ scopes }) => scopes)])];

/**
 * What a key gives no more than: the rights of the member whose it is, as they are now. Undefined: nothing bounds it, as the workspace has keys
 * go on without their members.
 */
export const boundOf = <Rights>(
  { formerMembersKeys }: WorkspaceSubject,
  membersRights: Rights | undefined,
): Rights | undefined => (formerMembersKeys === 'stay' ? undefined : membersRights);
