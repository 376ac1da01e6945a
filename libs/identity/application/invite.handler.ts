import { AppError, type Clock, type IdSource } from '@latchkey/kernel';
import type { Role } from '@latchkey/contracts';
import type { EmailAddress } from '../domain/email-address';
import { decideInvitation } from '../domain/invitation/invitation';
import { invitationBudgets, type AttemptBudgets } from './attempts';
import { metaOf, type Caller } from './caller';
import { tooManyAttempts } from './password-check';
import type { Invitation, Invitations, Mail, Members, Tokens, Workspaces } from './ports';

export interface InvitationRequest {
  readonly email: EmailAddress;
  readonly role: Role;
}

const LIFETIME_MS = 7 * 86_400_000;

/** Invites somebody into the caller's workspace by a mail with a link that works once, for seven days. */
export class InviteHandler {
  constructor(
    private readonly invitations: Invitations,
    private readonly members: Members,
    private readonly workspaces: Workspaces,
    private readonly budgets: Pick<AttemptBudgets, 'charge'>,
    private readonly mail: Mail,
    private readonly tokens: Tokens,
    private readonly ids: IdSource,
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
    const charge = await this.budgets.charge(invitationBudgets(workspaceId, invitedBy), now);
    if (charge.kind === 'refused') throw tooManyAttempts(charge.until, now);
    await this.#endFormer(email, caller, now);

    const invitationId = this.ids.next();
    const expiresAt = new Date(now.getTime() + LIFETIME_MS);
    const token = this.tokens.next();
    await this.invitations.write({
      invitationId,
      decide: (state) =>
        decideInvitation({ type: 'CreateInvitation', invitationId, workspaceId, role, expiresAt, now }, state),
      meta: metaOf(caller, now),
      by: caller,
      created: { email, invitedBy, token },
      within: (tx) => {
        const values = { workspace: workspace.name, role, expiresAt, token };
        return this.mail.send(tx, { to: email, template: 'invitation', values });
      },
    });
    return { invitationId, workspaceId, role, email, invitedBy, createdAt: now, expiresAt };
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
