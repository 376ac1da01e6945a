import { AppError, type Clock } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import type { UserCommand } from '../domain/user/commands';
import { decideInTurn } from '../domain/user/decide';
import type { ActiveUser } from '../domain/user/user';
import { metaOf, type Caller } from './caller';
import type { ExistingUser, Transaction, Users } from './ports';
import type { Seen, SessionGrant, Sessions } from './session-ports';

export interface NewCredentials {
  /** Of whom something was proved, as it was before that. */
  readonly before: ActiveUser;
  readonly commands: (now: Date) => readonly UserCommand[];
  readonly within: (tx: Transaction, user: ExistingUser, now: Date) => Promise<void>;
}

/** A change of how a user signs in. What was proved must still be so when it is committed: every such change begins a generation. */
export class CredentialChange {
  constructor(
    private readonly users: Users,
    private readonly sessions: Sessions,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `session.ended` when the user's sessions were all ended meanwhile; what `within` and the decisions throw */
  async make({ before, commands, within }: NewCredentials, caller: Caller): Promise<ActiveUser> {
    const now = this.clock.now();
    const { user, changed } = await this.users.write({
      userId: before.userId,
      decide: (state) => {
        const isSame = state.status === 'Active' && state.sessionGeneration === before.sessionGeneration;
        if (!isSame) throw new AppError('session.ended');
        return decideInTurn(commands(now), state);
      },
      meta: metaOf(caller, now),
      within: (tx, after) => within(tx, after, now),
    });
    await this.settlement.settle([changed]);
    if (user.status !== 'Active') throw new AppError('session.ended');
    return user;
  }

  /** As `make`, for a change with which all sessions of the user end, on every node; answers a new one in the place of the caller's. */
  async renew(change: NewCredentials, caller: Caller, seen: Seen): Promise<SessionGrant> {
    const user = await this.make(change, caller);
    const { workspaceId, requestId } = caller;
    // A session of somebody who has a second factor is one that has shown it: enrolling ends those before.
    return this.sessions.open({ user, workspaceId, secondFactor: user.mfa.length > 0, seen, requestId });
  }
}
