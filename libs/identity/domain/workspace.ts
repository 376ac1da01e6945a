import { AppError, assertNever, type WorkspaceId } from '@latchkey/kernel';
import type { WorkspaceEvent } from '@latchkey/contracts';

export interface CreateWorkspace {
  readonly type: 'CreateWorkspace';
  readonly workspaceId: WorkspaceId;
  /** 1 to 100 characters. */
  readonly name: string;
  /** Name of one of the profiles (C21); it never changes. */
  readonly profile: string;
  readonly now: Date;
}

export type WorkspaceCommand = CreateWorkspace;

export type WorkspaceState =
  { readonly status: 'None' } | { readonly status: 'Active'; readonly name: string; readonly profile: string };

export const initialWorkspace: WorkspaceState = { status: 'None' };

/** @throws AppError `stream.exists` for a workspace that there is already. */
export function decideWorkspace(command: WorkspaceCommand, state: WorkspaceState): readonly WorkspaceEvent[] {
  if (state.status !== 'None') throw new AppError('stream.exists');
  return [
    {
      type: 'latchkey.workspace.created.v1',
      data: {
        workspaceId: command.workspaceId,
        name: command.name,
        profile: command.profile,
        createdAt: command.now.toISOString(),
      },
    },
  ];
}

export function evolveWorkspace(state: WorkspaceState, event: WorkspaceEvent): WorkspaceState {
  switch (event.type) {
    case 'latchkey.workspace.created.v1':
      return { status: 'Active', name: event.data.name, profile: event.data.profile };
    default:
      return assertNever(event.type);
  }
}
