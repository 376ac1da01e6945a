import { readScopeSets, scopeSetsOf, scopesOfSets, type SetScopes } from '@latchkey/access';
import type { SubjectReader } from '@latchkey/contracts';
import { AppError, type Clock } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type {
  ChangeMemberRole,
  ChangeMemberScopeSets,
  RemoveMember,
  ResumeMember,
  SuspendMember,
} from '../domain/user/commands';
import { decideInTurn } from '../domain/user/decide';
import { metaOf, type Caller } from './caller';
import type { Member, Members, Users } from './ports';

type Change<Command> = Omit<Command, 'workspaceId' | 'now'>;
export type MemberChange =
  | Change<ChangeMemberRole>
  | Change<ChangeMemberScopeSets>
  | Change<SuspendMember>
  | Change<ResumeMember>
  | Change<RemoveMember>;

/** What becomes of a member of the caller's workspace. */
export class ChangeMemberHandler {
  constructor(
    private readonly users: Users,
    private readonly members: Members,
    /** Reaches issuance, whose the scope sets are. */
    private readonly reader: SubjectReader,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /**
   * All changes or none. When it resolves, no node goes by what the member was.
   * @throws AppError `member.not_found`, also for a user of another workspace alone; `member.last_owner`, `auth.forbidden`, `scope_set.unknown`
   */
  async execute(id: string, changes: readonly MemberChange[], caller: Caller): Promise<Member> {
    const { workspaceId } = caller;
    const member = await this.members.find(workspaceId, id);
    if (!member) throw new AppError('member.not_found');
    const given = changes.flatMap((change) => setsIn(change, member));
    const setScopes = scopesOfSets(await scopeSetsOf(this.reader, workspaceId, given));
    const now = this.clock.now();
    const commands = changes.map((change) => ({ ...read(change, member, setScopes), workspaceId, now }));
    const { changed } = await this.users.write({
      userId: member.userId,
      decide: (state) => decideInTurn(commands, state),
      meta: metaOf(caller, now),
      by: caller,
      setScopes,
    });
    await this.settlement.settle([changed]);
    return (await this.members.find(workspaceId, id)) ?? member;
  }
}

/** Ids of the scope sets that the change may give. */
function setsIn(change: MemberChange, { scopeSetIds }: Member): readonly string[] {
  switch (change.type) {
    case 'ChangeMemberScopeSets':
      return change.scopeSetIds;
    case 'ResumeMember':
      return scopeSetIds;
    case 'ChangeMemberRole':
    case 'SuspendMember':
    case 'RemoveMember':
      return [];
  }
}

const read = (change: MemberChange, { scopeSetIds: carried }: Member, setScopes: SetScopes): MemberChange =>
  change.type === 'ChangeMemberScopeSets'
    ? { ...change, scopeSetIds: readScopeSets(change.scopeSetIds, carried, setScopes) }
    : change;
