import { AppError, type UserId, type WorkspaceId } from '@latchkey/kernel';
import type { ActiveWorkspace } from '../domain/workspace/workspace';
import { pageOf, type PageOf } from './page-of';
import type { ListedWorkspace, Workspaces } from './ports';

export class ReadWorkspacesQuery {
  constructor(private readonly workspaces: Workspaces) {}

  /** @throws AppError `stream.not_found` */
  async one(workspaceId: WorkspaceId): Promise<ActiveWorkspace> {
    const workspace = await this.workspaces.find(workspaceId);
    if (!workspace) throw new AppError('stream.not_found', { internal: `no workspace ${workspaceId}` });
    return workspace;
  }

  /** Where the user has a role, in the order of their making. */
  async of(userId: UserId, after: string | null, limit: number): Promise<PageOf<ListedWorkspace, string>> {
    const found = await this.workspaces.of(userId, after, limit + 1);
    return pageOf(found, limit, ({ workspaceId }) => workspaceId);
  }
}
