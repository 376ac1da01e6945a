import { INSTALLATION } from '@latchkey/contracts';
import type { Clock, UserId } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import { decideInTurn } from '../domain/user/decide';
import type { UserState } from '../domain/user/user';
import type { AccountNotices } from './account-notices';
import type { SecondFactors } from './mfa-ports';
import type { Contact, Contacts, Transaction, Users } from './ports';

/**
 * For somebody who has lost all second factors and recovery codes: nothing is asked for beside the password any more, till something is
 * enrolled again. All sessions end, on every node.
 */
export class RemoveSecondFactorsHandler {
  constructor(
    private readonly users: Users,
    private readonly contacts: Contacts,
    private readonly factors: SecondFactors,
    private readonly notices: AccountNotices,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /** Nothing happens to who has none. @throws AppError `user.not_found` */
  async execute(userId: UserId): Promise<void> {
    const now = this.clock.now();
    const contact = await this.contacts.find(userId);
    let removed: ReturnType<typeof methodsIn> = [];
    const { changed } = await this.users.write({
      userId,
      decide: (state) => {
        removed = methodsIn(state);
        return decideInTurn(
          removed.map((method) => ({ type: 'DisableMfa', method, now })),
          state,
        );
      },
      meta: { actorId: 'operator', workspaceId: INSTALLATION, requestId: 'remove-second-factors', at: now },
      within: async (tx) => {
        await this.factors.setSeed(tx, userId, null);
        await this.factors.setRecoveryCodes(tx, userId, []);
        if (contact) await this.#tell(tx, contact, removed);
      },
    });
    await this.settlement.settle([changed]);
  }

  async #tell(tx: Transaction, contact: Contact, removed: ReturnType<typeof methodsIn>): Promise<void> {
    for (const method of removed) await this.notices.secondFactorChanged(tx, contact, 'disabled', method);
  }
}

const methodsIn = (state: UserState) => (state.status === 'Active' ? state.mfa : []);
