import type { Clock, IdSource, UserId, WorkspaceId } from '@latchkey/kernel';
import type { Role } from '@latchkey/contracts';
import type { EventMeta } from '@latchkey/event-store';
import type { EmailAddress } from '../domain/email-address';
import { decideInvitation } from '../domain/invitation/invitation';
import { invitationBudgets, type AttemptBudgets } from './attempts';
import { tooManyAttempts } from './password-check';
import type { Invitation, InvitationWrite, Mail, Tokens } from './ports';

export interface NewInvitationInto {
  readonly workspaceId: WorkspaceId;
  /** As the mail names it. */
  readonly workspaceName: string;
  readonly role: Role;
  readonly email: EmailAddress;
  readonly invitedBy: UserId;
}

export interface PreparedInvitation {
  readonly invitation: Invitation;
  /** What is to be written for it, with the mail. */
  readonly write: Omit<InvitationWrite, 'by'>;
}

const LIFETIME_MS = 7 * 86_400_000;

/** Prepares invitations: each with a token of its own that works for seven days, and the mail that it is in. */
export class NewInvitations {
  constructor(
    private readonly budgets: Pick<AttemptBudgets, 'charge'>,
    private readonly mail: Mail,
    private readonly tokens: Tokens,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Counts an invitation by somebody who acts in a workspace: nobody shall mail the world by it.
   * @throws AppError `auth.rate_limited` after 50 in an hour
   */
  async count(actsIn: WorkspaceId, invitedBy: UserId): Promise<void> {
    const now = this.clock.now();
    const charge = await this.budgets.charge(invitationBudgets(actsIn, invitedBy), now);
    if (charge.kind === 'refused') throw tooManyAttempts(charge.until, now);
  }

  prepare({ workspaceName, ...into }: NewInvitationInto, meta: EventMeta): PreparedInvitation {
    const { workspaceId, role, email, invitedBy } = into;
    const invitationId = this.ids.next();
    const { at: createdAt } = meta;
    const expiresAt = new Date(createdAt.getTime() + LIFETIME_MS);
    const token = this.tokens.next();
    const command = { type: 'CreateInvitation', invitationId, workspaceId, role, expiresAt, now: createdAt } as const;
    return {
      invitation: { ...into, invitationId, createdAt, expiresAt },
      write: {
        invitationId,
        decide: (state) => decideInvitation(command, state),
        meta,
        created: { email, invitedBy, token },
        within: (tx) => {
          const values = { workspace: workspaceName, role, expiresAt, token };
          return this.mail.send(tx, { to: email, template: 'invitation', values });
        },
      },
    };
  }
}
