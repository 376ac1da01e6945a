import { AppError, assertNever, type WorkspaceId } from '@latchkey/kernel';
import { FREE_KEYS, type KeyPolicy, type WorkspaceEvent, type WorkspaceSubject } from '@latchkey/contracts';

export interface CreateWorkspace {
  readonly type: 'CreateWorkspace';
  readonly workspaceId: WorkspaceId;
  /** 1 to 100 characters. */
  readonly name: string;
  /** Name of one of the profiles (C21); it never changes. */
  readonly profile: string;
  /** Its name in addresses; no two workspaces have one. */
  readonly slug?: string | undefined;
  readonly now: Date;
}

export type WorkspaceSettings = Pick<
  WorkspaceSubject,
  'name' | 'formerMembersKeys' | 'secondFactor' | 'slug' | 'keyPolicy'
>;

/** What is absent stays as it is, in the policy of keys too. */
export interface WorkspaceChanges extends Partial<Omit<WorkspaceSettings, 'keyPolicy'>> {
  readonly keyPolicy?: Partial<KeyPolicy>;
}

/** Changes what is given, one event each. */
export interface UpdateWorkspace {
  readonly type: 'UpdateWorkspace';
  readonly changes: WorkspaceChanges;
}

export type WorkspaceCommand = CreateWorkspace | UpdateWorkspace;

export type ActiveWorkspace = WorkspaceSettings & { readonly status: 'Active'; readonly profile: string };
export type WorkspaceState = { readonly status: 'None' } | ActiveWorkspace;

export const initialWorkspace: WorkspaceState = { status: 'None' };

/** @throws AppError `stream.exists` for a workspace that there is already, `stream.not_found` for a change of one that there is not. */
export function decideWorkspace(command: WorkspaceCommand, state: WorkspaceState): readonly WorkspaceEvent[] {
  switch (command.type) {
    case 'CreateWorkspace': {
      if (state.status !== 'None') throw new AppError('stream.exists');
      const { workspaceId, name, profile, slug, now } = command;
      const data = { workspaceId, name, profile, ...(slug !== undefined && { slug }), createdAt: now.toISOString() };
      return [{ type: 'latchkey.workspace.created.v1', data }];
    }
    case 'UpdateWorkspace':
      if (state.status === 'None') throw new AppError('stream.not_found');
      return updates(command.changes, state).map((data) => ({ type: 'latchkey.workspace.updated.v1', data }));
    default:
      return assertNever(command);
  }
}

type Update = Extract<WorkspaceEvent, { type: 'latchkey.workspace.updated.v1' }>['data'];

function updates({ name, formerMembersKeys, secondFactor, slug, ...changed }: WorkspaceChanges, now: ActiveWorkspace) {
  const changes: Update[] = [];
  if (name !== undefined && name !== now.name) changes.push({ changed: 'name', name });
  if (formerMembersKeys !== undefined && formerMembersKeys !== now.formerMembersKeys) {
    changes.push({ changed: 'former_members_keys', formerMembersKeys });
  }
  if (secondFactor !== undefined && secondFactor !== now.secondFactor) {
    changes.push({ changed: 'second_factor', secondFactor });
  }
  if (slug !== undefined && slug !== now.slug) changes.push({ changed: 'slug', slug });
  const before = now.keyPolicy ?? FREE_KEYS;
  const keyPolicy = { ...before, ...changed.keyPolicy };
  if (!samePolicy(keyPolicy, before)) changes.push({ changed: 'key_policy', keyPolicy });
  return changes;
}

const samePolicy = (one: KeyPolicy, other: KeyPolicy): boolean =>
  one.expiryRequired === other.expiryRequired &&
  one.maxLifetimeDays === other.maxLifetimeDays &&
  one.leakedKeys === other.leakedKeys;

export function evolveWorkspace(state: WorkspaceState, event: WorkspaceEvent): WorkspaceState {
  switch (event.type) {
    case 'latchkey.workspace.created.v1': {
      const { name, profile, slug } = event.data;
      const settings = { formerMembersKeys: 'end', secondFactor: 'optional' } as const;
      return { status: 'Active', name, profile, ...settings, ...(slug !== undefined && { slug }) };
    }
    case 'latchkey.workspace.updated.v1':
      return state.status === 'Active' ? { ...state, ...changeIn(event.data) } : state;
    default:
      return assertNever(event);
  }
}

function changeIn(update: Update): Partial<WorkspaceSettings> {
  switch (update.changed) {
    case 'name':
      return { name: update.name };
    case 'former_members_keys':
      return { formerMembersKeys: update.formerMembersKeys };
    case 'second_factor':
      return { secondFactor: update.secondFactor };
    case 'slug':
      return { slug: update.slug };
    case 'key_policy':
      return { keyPolicy: update.keyPolicy };
    default:
      return assertNever(update);
  }
}

/** What decisions need to know of a workspace. */
export const workspaceSubject = (workspace: ActiveWorkspace): WorkspaceSubject => ({
  ...{ ...workspace, kind: 'workspace', status: 'active' },
});
