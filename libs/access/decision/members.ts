import type { Role, WorkspaceSubject } from '@latchkey/contracts';

/** Undefined: no member, or suspended there. */
export const roleIn = (roles: Readonly<Record<string, Role>> = {}, workspaceId: string): Role | undefined =>
  Object.hasOwn(roles, workspaceId) ? roles[workspaceId] : undefined;

/**
 * The role beyond which a key gives nothing: that of the member whose it is, as it is now. Undefined: nothing bounds it, as the workspace has
 * keys go on without their members.
 */
export const boundOf = ({ formerMembersKeys }: WorkspaceSubject, membersRole: Role | undefined): Role | undefined =>
  formerMembersKeys === 'stay' ? undefined : membersRole;
