import { AppError, type Clock } from '@latchkey/kernel';
import { decideInvitation } from '../domain/invitation/invitation';
import { metaOf, type Caller } from './caller';
import type { Invitations } from './ports';

export class WithdrawInvitationHandler {
  constructor(
    private readonly invitations: Invitations,
    private readonly clock: Clock,
  ) {}

  /** Its link works no more when it resolves. @throws AppError `invitation.not_found`, `invitation.ended`, `auth.forbidden` */
  async execute(id: string, caller: Caller): Promise<void> {
    const invitation = await this.invitations.find(caller.workspaceId, id);
    if (!invitation) throw new AppError('invitation.not_found');
    const now = this.clock.now();
    await this.invitations.write({
      invitationId: invitation.invitationId,
      decide: (state) => decideInvitation({ type: 'WithdrawInvitation', now }, state),
      meta: metaOf(caller, now),
      by: caller,
    });
  }
}
