import type { Clock, RequestId, UserId, WorkspaceId } from '@latchkey/kernel';
import { decideUser } from '../domain/user/decide';
import type { Aside } from './aside';
import type { Users } from './ports';

export interface AccountLock {
  readonly userId: UserId;
  /** Where the user would have arrived. */
  readonly workspaceId: WorkspaceId;
  readonly until: Date;
  readonly requestId: RequestId;
}

/** Writes down that an account is locked: once for each lock, as one attempt was its last. The lock itself is the budget. */
export class AccountLocks {
  constructor(
    private readonly users: Users,
    private readonly aside: Aside,
    private readonly clock: Clock,
  ) {}

  /** Aside: an account that there is must not answer later than one that there is not. */
  note({ userId, workspaceId, until, requestId }: AccountLock): void {
    const now = this.clock.now();
    this.aside.run(async () => {
      await this.users.write({
        userId,
        decide: (state) => decideUser({ type: 'LockAccount', until, now }, state),
        meta: { actorId: 'unknown', workspaceId, requestId, at: now },
      });
    });
  }
}
