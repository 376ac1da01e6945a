import type { Clock, RequestId, UserId, WorkspaceId } from '@latchkey/kernel';
import type { AccountLocks } from './account-locks';
import { secondFactorBudgets, type AttemptBudgets, type ChargedBudget } from './attempts';
import { tooManyAttempts } from './password-check';

/** Who tries, and where they would arrive. */
export interface SecondFactorAttempt {
  readonly userId: UserId;
  readonly workspaceId: WorkspaceId;
  readonly ip: string | null;
  readonly requestId: RequestId;
}

/**
 * What bounds guessing at codes: a challenge has few attempts, but whoever knows the password begins as many as they like. So failures
 * count for the user too.
 */
export class SecondFactorAttempts {
  constructor(
    private readonly budgets: AttemptBudgets,
    private readonly locks: AccountLocks,
    private readonly clock: Clock,
  ) {}

  /**
   * Charges the attempt, then has it decided; what did not fail is given back.
   * @param verify answers `null` for a failure
   * @throws AppError `auth.rate_limited`; what `verify` throws
   */
  async decide<Result>(attempt: SecondFactorAttempt, verify: () => Promise<Result | null>): Promise<Result | null> {
    const charged = await this.#charge(attempt);
    const result = await verify().catch(async (error: unknown) => {
      await this.budgets.giveBack(charged);
      throw error;
    });
    if (result !== null) await this.budgets.giveBack(charged);
    else this.#noteLock(attempt, charged);
    return result;
  }

  async #charge({ userId, ip }: SecondFactorAttempt): Promise<readonly ChargedBudget[]> {
    const now = this.clock.now();
    const charge = await this.budgets.charge(secondFactorBudgets(userId, ip ?? undefined), now);
    if (charge.kind === 'charged') return charge.budgets;
    throw tooManyAttempts(charge.until, now);
  }

  #noteLock({ userId, workspaceId, requestId }: SecondFactorAttempt, charged: readonly ChargedBudget[]): void {
    const ends = charged.flatMap(({ kind, locks, resetsAt }) =>
      locks && kind.startsWith('second_factor') ? [resetsAt.getTime()] : [],
    );
    if (ends.length === 0) return;
    this.locks.note({ userId, workspaceId, until: new Date(Math.max(...ends)), requestId });
  }
}
