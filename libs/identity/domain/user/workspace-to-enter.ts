import type { Role } from '@latchkey/contracts';
import { workspaceId, type WorkspaceId } from '@latchkey/kernel';
import type { UserState } from './user';

export interface Entry {
  readonly workspaceId: WorkspaceId;
  readonly role: Role;
}

/** Where a user who signs in arrives: where they were last, if they still may do something there; else where they have been longest. */
export function workspaceToEnter(user: UserState, last: WorkspaceId | null): Entry | null {
  if (user.status !== 'Active') return null;
  const entries = Object.entries(user.memberships).flatMap(([id, { role, suspended }]) =>
    suspended ? [] : [{ workspaceId: workspaceId(id), role }],
  );
  return entries.find((entry) => entry.workspaceId === last) ?? entries[0] ?? null;
}
