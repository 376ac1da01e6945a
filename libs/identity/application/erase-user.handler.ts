import type { Clock, UserId } from '@latchkey/kernel';
import { INSTALLATION } from '@latchkey/contracts';
import type { EventMeta } from '@latchkey/event-store';
import type { Settlement } from '@latchkey/live-state';
import type { EmailAddress } from '../domain/email-address';
import { decideInvitation } from '../domain/invitation/invitation';
import { decideUser } from '../domain/user/decide';
import type { Invitations, PersonalData, Transaction, Users } from './ports';

/**
 * Forgets a person: what identity knows of them is deleted, invitations to their address end, and nothing can be done in their name. Events stay
 * as they are, because they name nobody: the log verifies as before.
 */
export class EraseUserHandler {
  constructor(
    private readonly users: Users,
    private readonly invitations: Invitations,
    private readonly personalData: PersonalData,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /**
   * When it resolves, no node accepts a key or session of theirs. Who is erased already may be erased again.
   * @throws AppError `user.not_found`; `member.last_owner` for one without whom a workspace has no owner
   */
  async execute(userId: UserId): Promise<void> {
    const now = this.clock.now();
    const meta: EventMeta = { actorId: 'operator', workspaceId: INSTALLATION, requestId: 'erase', at: now };
    const { changed } = await this.users.write({
      userId,
      decide: (state) => decideUser({ type: 'EraseUser', now }, state),
      meta,
      within: async (tx) => {
        const email = await this.personalData.erase(tx, userId);
        if (email) await this.#endInvitations(tx, email, meta);
      },
    });
    await this.settlement.settle([changed]);
  }

  async #endInvitations(tx: Transaction, email: EmailAddress, meta: EventMeta): Promise<void> {
    for (const { invitationId } of await this.invitations.toIn(tx, email)) {
      await this.invitations.writeIn(tx, {
        invitationId,
        decide: (state) => decideInvitation({ type: 'WithdrawInvitation', now: meta.at }, state),
        meta,
      });
    }
  }
}
