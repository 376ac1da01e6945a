import type { Clock, RequestId, UserId, WorkspaceId } from '@latchkey/kernel';
import { decideUser } from '../domain/user/decide';
import type { AccountNotices } from './account-notices';
import type { Aside } from './aside';
import type { Contacts, Transaction, Users } from './ports';

export interface AccountLock {
  readonly userId: UserId;
  /** Where the user would have arrived. */
  readonly workspaceId: WorkspaceId;
  readonly until: Date;
  readonly requestId: RequestId;
}

export interface AccountLocksParts {
  readonly users: Users;
  readonly contacts: Contacts;
  readonly notices: AccountNotices;
  readonly aside: Aside;
  readonly clock: Clock;
}

/** Writes down that an account is locked, and tells its user: once for each lock, as one attempt was its last. The lock itself is the budget. */
export class AccountLocks {
  constructor(private readonly parts: AccountLocksParts) {}

  /** Aside: an account that there is must not answer later than one that there is not. */
  note(lock: AccountLock): void {
    this.parts.aside.run(() => this.#write(lock));
  }

  async #write({ userId, workspaceId, until, requestId }: AccountLock): Promise<void> {
    const { users, contacts, notices, clock } = this.parts;
    const now = clock.now();
    const contact = await contacts.find(userId);
    let isNew = false;
    await users.write({
      userId,
      decide: (state) => {
        const events = decideUser({ type: 'LockAccount', until, now }, state);
        isNew = events.length > 0;
        return events;
      },
      meta: { actorId: 'unknown', workspaceId, requestId, at: now },
      within: async (tx: Transaction) => {
        if (isNew && contact) await notices.locked(tx, contact, until);
      },
    });
  }
}
