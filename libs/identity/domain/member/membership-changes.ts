import { sameList } from '@latchkey/access';
import { workspaceId, type WorkspaceId } from '@latchkey/kernel';
import type { Role } from '@latchkey/contracts';
import type { Membership, UserState } from '../user/user';

/** What became of one membership of a user; `null`: none. */
export interface MembershipChange {
  readonly workspaceId: WorkspaceId;
  readonly before: Membership | null;
  readonly after: Membership | null;
}

/** Memberships that differ, by workspace id: whoever locks several workspaces does so in one order. */
export function membershipChanges(before: UserState, after: UserState): readonly MembershipChange[] {
  const [old, now] = [membershipsOf(before), membershipsOf(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .sort()
    .map((id) => ({ workspaceId: workspaceId(id), before: old[id] ?? null, after: now[id] ?? null }))
    .filter((change) => differs(change));
}

/** Roles that the change gives or takes. */
export const rolesIn = ({ before, after }: MembershipChange): readonly Role[] =>
  [before, after].flatMap((membership) => (membership ? [membership.role] : []));

/** Ids of scope sets that the change gives: whoever is resumed is given all of theirs again. */
export function setsGivenIn({ before, after }: MembershipChange): readonly string[] {
  const isResumed = before?.suspended === true && after?.suspended === false;
  const had = isResumed ? [] : (before?.scopeSetIds ?? []);
  return (after?.scopeSetIds ?? []).filter((id) => !had.includes(id));
}

/** Whether the workspace has an owner less by it. */
export const takesAnOwner = ({ before, after }: MembershipChange): boolean => isOwner(before) && !isOwner(after);

const isOwner = (membership: Membership | null): boolean => membership?.role === 'owner' && !membership.suspended;

const membershipsOf = (user: UserState): Readonly<Record<string, Membership>> =>
  user.status === 'Active' ? user.memberships : {};

const differs = ({ before, after }: MembershipChange): boolean =>
  before?.role !== after?.role ||
  before?.suspended !== after?.suspended ||
  !sameList(before?.scopeSetIds ?? [], after?.scopeSetIds ?? []);
