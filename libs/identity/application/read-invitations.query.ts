import type { WorkspaceId } from '@latchkey/kernel';
import { pageOf, type PageOf } from './page-of';
import type { Invitation, Invitations, ListPosition } from './ports';

export class ReadInvitationsQuery {
  constructor(private readonly invitations: Invitations) {}

  /** Those that are neither accepted nor withdrawn, the oldest first. */
  async after(
    workspaceId: WorkspaceId,
    position: ListPosition | null,
    limit: number,
  ): Promise<PageOf<Invitation, ListPosition>> {
    const found = await this.invitations.after(workspaceId, position, limit + 1);
    return pageOf(found, limit, ({ createdAt, invitationId }) => ({ at: createdAt, id: invitationId }));
  }
}
