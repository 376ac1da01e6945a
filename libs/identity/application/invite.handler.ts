import { AppError, type Clock } from '@latchkey/kernel';
import type { Role } from '@latchkey/contracts';
import type { EmailAddress } from '../domain/email-address';
import { decideInvitation } from '../domain/invitation/invitation';
import { metaOf, type Caller } from './caller';
import type { NewInvitations } from './new-invitations';
import type { Invitation, Invitations, Members, Workspaces } from './ports';

export interface InvitationRequest {
  readonly email: EmailAddress;
  readonly role: Role;
}

/** Invites somebody into the caller's workspace by a mail with a link that works once, for seven days. */
export class InviteHandler {
  constructor(
    private readonly invitations: Invitations,
    private readonly members: Members,
    private readonly workspaces: Workspaces,
    private readonly newInvitations: NewInvitations,
    private readonly clock: Clock,
  ) {}

  /**
   * Who is invited again gets a new link, and the former one ends. The answer is the same whether or not the address has an account.
   * @throws AppError `member.exists`, `auth.forbidden` for a role that the caller may not give, `auth.rate_limited` for one who has
   * invited 50 in an hour
   */
  async execute({ email, role }: InvitationRequest, caller: Caller): Promise<Invitation> {
    const { workspaceId, userId: invitedBy } = caller;
    const workspace = await this.workspaces.find(workspaceId);
    if (!workspace) throw new AppError('stream.not_found', { internal: `no workspace ${workspaceId}` });
    if (await this.members.byEmail(workspaceId, email)) throw new AppError('member.exists', { field: 'email' });
    const now = this.clock.now();
    await this.newInvitations.count(workspaceId, invitedBy);
    await this.#endFormer(email, caller, now);

    const into = { workspaceId, workspaceName: workspace.name, role, email, invitedBy };
    const { invitation, write } = this.newInvitations.prepare(into, metaOf(caller, now));
    await this.invitations.write({ ...write, by: caller });
    return invitation;
  }

  async #endFormer(email: EmailAddress, caller: Caller, now: Date): Promise<void> {
    for (const { invitationId } of await this.invitations.to(email, caller.workspaceId)) {
      await this.invitations.write({
        invitationId,
        decide: (state) => decideInvitation({ type: 'WithdrawInvitation', now }, state),
        meta: metaOf(caller, now),
        by: caller,
      });
    }
  }
}
