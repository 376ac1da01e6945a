import type { Clock } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import { decideWorkspace, type ActiveWorkspace, type WorkspaceChanges } from '../domain/workspace/workspace';
import { metaOf, type Caller } from './caller';
import type { Workspaces } from './ports';

export class UpdateWorkspaceHandler {
  constructor(
    private readonly workspaces: Workspaces,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /** Changes the caller's workspace. When it resolves, no node goes by what it was. @throws AppError `auth.forbidden` */
  async execute(changes: WorkspaceChanges, caller: Caller): Promise<ActiveWorkspace> {
    const { workspace, changed } = await this.workspaces.write({
      workspaceId: caller.workspaceId,
      decide: (state) => decideWorkspace({ type: 'UpdateWorkspace', changes }, state),
      meta: metaOf(caller, this.clock.now()),
      by: caller,
    });
    await this.settlement.settle([changed]);
    return workspace;
  }
}
