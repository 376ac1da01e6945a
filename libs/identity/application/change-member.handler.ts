import { AppError, type Clock } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { ChangeMemberRole, RemoveMember, ResumeMember, SuspendMember } from '../domain/user/commands';
import { decideUser } from '../domain/user/decide';
import { metaOf, type Caller } from './caller';
import type { Member, Members, Users } from './ports';

type Change<Command> = Omit<Command, 'workspaceId' | 'now'>;
export type MemberChange =
  Change<ChangeMemberRole> | Change<SuspendMember> | Change<ResumeMember> | Change<RemoveMember>;

/** What becomes of a member of the caller's workspace. */
export class ChangeMemberHandler {
  constructor(
    private readonly users: Users,
    private readonly members: Members,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /**
   * When it resolves, no node goes by what the member was.
   * @throws AppError `member.not_found`, also for a user of another workspace alone; `member.last_owner`, `auth.forbidden`
   */
  async execute(id: string, change: MemberChange, caller: Caller): Promise<Member> {
    const { workspaceId } = caller;
    const member = await this.members.find(workspaceId, id);
    if (!member) throw new AppError('member.not_found');
    const now = this.clock.now();
    const { changed } = await this.users.write({
      userId: member.userId,
      decide: (state) => decideUser({ ...change, workspaceId, now }, state),
      meta: metaOf(caller, now),
      by: caller,
    });
    await this.settlement.settle([changed]);
    return (await this.members.find(workspaceId, id)) ?? member;
  }
}
