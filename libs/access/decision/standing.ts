import type { GrantedSubject, KnownSubjects } from '@latchkey/contracts';
import type { Profile } from '../profiles/profile';
import { profileByName } from '../profiles/registry';
import { scopesInCommon } from '../scopes';
import { bodyOf } from './known-subjects';
import { boundOf, rightsIn, scopesOfMember, type MemberRights } from './members';

/** Where a key or client stands: in which workspace, and whose it is there. */
export interface Standing {
  readonly profile: Profile;
  /** Of its user; undefined: no member, or suspended there. */
  readonly member: MemberRights | undefined;
  /** What bounds its rights; undefined: nobody's do. */
  readonly bound: MemberRights | undefined;
}

/** Null: its workspace is not known, or of a profile that is not. */
export function standingOf({ workspaceId, userId }: GrantedSubject, known: KnownSubjects): Standing | null {
  const workspace = bodyOf(known, 'workspace', workspaceId);
  const profile = workspace && profileByName(workspace.profile);
  if (!profile) return null;
  const member = rightsIn(bodyOf(known, 'user', userId), workspaceId, known);
  return { profile, member, bound: boundOf(workspace, member) };
}

/** Canonical: its own scopes and its scope sets', as far as the member's rights go that bound them. */
export function scopesHeld(
  profile: Profile,
  { workspaceId, scopes, scopeSetIds }: GrantedSubject,
  bound: MemberRights | undefined,
  known: KnownSubjects,
): readonly string[] {
  const sets = scopeSetIds.map((id) => bodyOf(known, 'scope_set', id));
  // One that is gone, or is another workspace's, ends all rights: what it took away cannot be told.
  if (!sets.every((set) => set?.workspaceId === workspaceId)) return [];
  const all = [...scopes, ...sets.flatMap((set) => set?.scopes ?? [])];
  return bound === undefined ? [...new Set(all)] : scopesInCommon(profile, all, scopesOfMember(profile, bound));
}
