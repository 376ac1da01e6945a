import { AppError, type WorkspaceId } from '@latchkey/kernel';
import { pageOf, type PageOf } from './page-of';
import type { ListPosition, Member, Members } from './ports';

export class ReadMembersQuery {
  constructor(private readonly members: Members) {}

  /** @throws AppError `member.not_found` */
  async one(workspaceId: WorkspaceId, id: string): Promise<Member> {
    const member = await this.members.find(workspaceId, id);
    if (!member) throw new AppError('member.not_found');
    return member;
  }

  /** Who joined first comes first. */
  async after(
    workspaceId: WorkspaceId,
    position: ListPosition | null,
    limit: number,
  ): Promise<PageOf<Member, ListPosition>> {
    const found = await this.members.after(workspaceId, position, limit + 1);
    return pageOf(found, limit, ({ joinedAt, userId }) => ({ at: joinedAt, id: userId }));
  }
}
