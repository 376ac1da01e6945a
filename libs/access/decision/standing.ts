import type { GrantedSubject, KnownSubjects, Role } from '@latchkey/contracts';
import type { Profile } from '../profiles/profile';
import { profileByName } from '../profiles/registry';
import { scopesWithinRole } from '../roles';
import { bodyOf } from './known-subjects';
import { boundOf, roleIn } from './members';

/** Where a key or client stands: in which workspace, and whose it is there. */
export interface Standing {
  readonly profile: Profile;
  /** Of its user; undefined: no member, or suspended there. */
  readonly role: Role | undefined;
  /** What bounds its rights; undefined: no role does. */
  readonly bound: Role | undefined;
}

/** Null: its workspace is not known, or of a profile that is not. */
export function standingOf({ workspaceId, userId }: GrantedSubject, known: KnownSubjects): Standing | null {
  const workspace = bodyOf(known, 'workspace', workspaceId);
  const profile = workspace && profileByName(workspace.profile);
  if (!profile) return null;
  const role = roleIn(bodyOf(known, 'user', userId)?.roles, workspaceId);
  return { profile, role, bound: boundOf(workspace, role) };
}

/** Canonical: its own scopes and its scope sets', as far as the role goes that bounds them. */
export function scopesHeld(
  profile: Profile,
  { workspaceId, scopes, scopeSetIds }: GrantedSubject,
  bound: Role | undefined,
  known: KnownSubjects,
): readonly string[] {
  const sets = scopeSetIds.map((id) => bodyOf(known, 'scope_set', id));
  // One that is gone, or is another workspace's, ends all rights: what it took away cannot be told.
  if (!sets.every((set) => set?.workspaceId === workspaceId)) return [];
  const all = [...scopes, ...sets.flatMap((set) => set?.scopes ?? [])];
  return bound === undefined ? [...new Set(all)] : scopesWithinRole(profile, all, bound);
}
