import { workspaceId } from '@latchkey/kernel';
import { given } from '@latchkey/testing';
import type { WorkspaceEvent } from '@latchkey/contracts';
import { decideWorkspace, evolveWorkspace, initialWorkspace, type WorkspaceCommand } from './workspace';

const now = new Date('2026-04-28T12:00:00Z');
const at = now.toISOString();
const workspace = { initialState: initialWorkspace, decide: decideWorkspace, evolve: evolveWorkspace };

describe('a workspace', () => {
  const create: WorkspaceCommand = {
    type: 'CreateWorkspace',
    workspaceId: workspaceId('w'),
    name: 'Main',
    profile: 's4e',
    now,
  };
  const created: WorkspaceEvent = {
    type: 'latchkey.workspace.created.v1',
    data: { workspaceId: 'w', name: 'Main', profile: 's4e', createdAt: at },
  };

  it('is created once', () => {
    given(workspace, []).when(create).then([created]);
    given(workspace, [created]).when(create).thenThrows('stream.exists');
  });
});
