import { AppError, assertNever, type UserId, type WorkspaceId } from '@latchkey/kernel';
import type { Role, UserEvent } from '@latchkey/contracts';

export interface RegisterUser {
  readonly type: 'RegisterUser';
  readonly userId: UserId;
  readonly now: Date;
}

/** Makes the user a member of the workspace, or changes what the member may do there. */
export interface ChangeMemberRole {
  readonly type: 'ChangeMemberRole';
  readonly workspaceId: WorkspaceId;
  readonly role: Role;
  readonly now: Date;
}

export type UserCommand = RegisterUser | ChangeMemberRole;

export type UserState =
  | { readonly status: 'None' }
  /** Role by workspace id. */
  | { readonly status: 'Active'; readonly roles: Readonly<Record<string, Role>> };

export const initialUser: UserState = { status: 'None' };

/** @throws AppError `stream.exists` when registered already, `stream.not_found` for a role of nobody. */
export function decideUser(command: UserCommand, state: UserState): readonly UserEvent[] {
  switch (command.type) {
    case 'RegisterUser':
      if (state.status !== 'None') throw new AppError('stream.exists');
      return [
        {
          type: 'latchkey.user.registered.v1',
          data: { userId: command.userId, registeredAt: command.now.toISOString() },
        },
      ];
    case 'ChangeMemberRole': {
      if (state.status === 'None') throw new AppError('stream.not_found');
      const { workspaceId, role, now } = command;
      if (state.roles[workspaceId] === role) return [];
      return [
        {
          type: 'latchkey.user.member_role_changed.v1',
          data: { workspaceId, role, changedAt: now.toISOString() },
        },
      ];
    }
    default:
      return assertNever(command);
  }
}

export function evolveUser(state: UserState, event: UserEvent): UserState {
  switch (event.type) {
    case 'latchkey.user.registered.v1':
      return { status: 'Active', roles: {} };
    case 'latchkey.user.member_role_changed.v1': {
      const roles = state.status === 'Active' ? state.roles : {};
      return { status: 'Active', roles: { ...roles, [event.data.workspaceId]: event.data.role } };
    }
    default:
      return assertNever(event);
  }
}
