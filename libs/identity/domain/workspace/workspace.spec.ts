import type { WorkspaceEvent } from '@latchkey/contracts';
import { workspaceId } from '@latchkey/kernel';
import { given } from '@latchkey/testing';
import {
  decideWorkspace,
  evolveWorkspace,
  initialWorkspace,
  workspaceSubject,
  type WorkspaceChanges,
  type WorkspaceCommand,
} from './workspace';

const now = new Date('2026-04-28T12:00:00Z');
const workspace = { initialState: initialWorkspace, decide: decideWorkspace, evolve: evolveWorkspace };

const create: WorkspaceCommand = {
  ...{ type: 'CreateWorkspace', workspaceId: workspaceId('w'), name: 'First workspace', profile: 's4e', now },
};
const update = (changes: WorkspaceChanges): WorkspaceCommand => ({ type: 'UpdateWorkspace', changes });
const created: WorkspaceEvent = {
  type: 'latchkey.workspace.created.v1',
  data: { workspaceId: 'w', name: 'First workspace', profile: 's4e', createdAt: now.toISOString() },
};
const updated = (data: Extract<WorkspaceEvent, { type: 'latchkey.workspace.updated.v1' }>['data']): WorkspaceEvent => ({
  type: 'latchkey.workspace.updated.v1',
  data,
});

describe('a workspace', () => {
  it('is created once', () => {
    given(workspace, []).when(create).then([created]);
    given(workspace, [created]).when(create).thenThrows('stream.exists');
  });

  it('that there is not is not changed', () =>
    given(workspace, [])
      .when(update({ name: 'x' }))
      .thenThrows('stream.not_found'));

  it('changes what is given, an event each, and keeps the rest', () => {
    const changes = { name: 'Ours', formerMembersKeys: 'stay', secondFactor: 'required' } as const;
    given(workspace, [created])
      .when(update(changes))
      .then([
        updated({ changed: 'name', name: 'Ours' }),
        updated({ changed: 'former_members_keys', formerMembersKeys: 'stay' }),
        updated({ changed: 'second_factor', secondFactor: 'required' }),
      ]);
    given(workspace, [created])
      .when(update({ secondFactor: 'required' }))
      .then([updated({ changed: 'second_factor', secondFactor: 'required' })]);
  });

  it('may have a slug from its beginning, and take another one', () => {
    const named = { ...created, data: { ...created.data, slug: 'acme' } } as WorkspaceEvent;
    given(workspace, [])
      .when({ ...create, slug: 'acme' })
      .then([named]);
    given(workspace, [named])
      .when(update({ slug: 'acme' }))
      .then([]);
    given(workspace, [named])
      .when(update({ slug: 'umbrella' }))
      .then([updated({ changed: 'slug', slug: 'umbrella' })]);
  });

  it('keeps what is not said of the policy of its keys', () => {
    const first = { expiryRequired: true, maxLifetimeDays: null, leakedKeys: 'revoke' } as const;
    const asks = (keyPolicy: WorkspaceChanges['keyPolicy']) => update({ ...(keyPolicy && { keyPolicy }) });
    given(workspace, [created])
      .when(asks({ expiryRequired: true }))
      .then([updated({ changed: 'key_policy', keyPolicy: first })]);
    const strict = updated({ changed: 'key_policy', keyPolicy: first });
    given(workspace, [created, strict])
      .when(asks({ maxLifetimeDays: 90, leakedKeys: 'notify' }))
      .then([updated({ changed: 'key_policy', keyPolicy: { ...first, maxLifetimeDays: 90, leakedKeys: 'notify' } })]);
    given(workspace, [created, strict]).when(asks(first)).then([]);
    // As every workspace begins.
    given(workspace, [created])
      .when(asks({ expiryRequired: false, maxLifetimeDays: null }))
      .then([]);
  });

  it('is not changed by what it is already', () =>
    given(workspace, [created, updated({ changed: 'name', name: 'Ours' })])
      .when(update({ name: 'Ours', formerMembersKeys: 'end', secondFactor: 'optional' }))
      .then([]));

  it('begins strictly with keys of former members, and without a need for second factors', () => {
    const state = evolveWorkspace(initialWorkspace, created);
    expect(state.status === 'Active' && workspaceSubject(state)).toEqual({
      ...{ kind: 'workspace', status: 'active', name: 'First workspace', profile: 's4e' },
      ...{ formerMembersKeys: 'end', secondFactor: 'optional' },
    });
  });
});
