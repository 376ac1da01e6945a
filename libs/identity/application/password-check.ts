import { networkOf } from '@latchkey/access';
import { AppError, Secret, userId, type Clock, type UserId } from '@latchkey/kernel';
import { preparedPassword } from '../domain/password/password';
import {
  familiarBudgets,
  ownPasswordBudgets,
  signInBudgets,
  type AttemptBudgets,
  type AttemptKind,
  type BudgetRef,
  type ChargedBudget,
  type FamiliarNetworks,
} from './attempts';
import { CaptchaRequired, type Failures } from './captcha-gate';
import type { PasswordHasher, PasswordStore } from './password-ports';

export interface PasswordAttempt {
  /** The account's e-mail address in its canonical form; there may be no such account. */
  readonly account: string;
  /** Looked up when the attempt is charged. `null`: whoever it is, no password is right. It takes the same work. */
  readonly whose: () => Promise<UserId | null>;
  /** Whose session the caller has; absent: nobody's. */
  readonly signedInAs?: UserId;
  readonly password: Secret;
  readonly ip: string | undefined;
  /** Of a caller who may go away. */
  readonly signal?: AbortSignal | undefined;
  /** What else must hold, before the password is looked at; it throws when it does not. */
  readonly admit?: (failures: Failures) => Promise<void>;
}

export type PasswordCheckResult =
  | { readonly isRight: true }
  /** `lockedUntil`: this was the last attempt that the account had, or its user who is signed in. */
  | { readonly isRight: false; readonly lockedUntil: Date | null };

/**
 * The one place where a password is compared. The attempt is charged before, in a transaction of its own, so that no number of attempts at
 * once verifies more than the budget; what did not fail is given back. What strangers do from elsewhere locks nobody out of an account where
 * they have signed in to it of late.
 */
export class PasswordCheck {
  constructor(
    private readonly budgets: AttemptBudgets,
    private readonly familiar: FamiliarNetworks,
    private readonly passwords: PasswordStore,
    private readonly hasher: PasswordHasher,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `auth.rate_limited`; `service.unavailable`; what `whose` and `admit` throw */
  async check(attempt: PasswordAttempt): Promise<PasswordCheckResult> {
    const charged = await this.#charge(attempt);
    const isRight = await this.#verify(attempt, charged).catch(async (error: unknown) => {
      // Whoever went away has paid for a place in the queue, or else would hold it for nothing.
      if (!attempt.signal?.aborted) await this.budgets.giveBack(notSpent(charged, error));
      throw error;
    });
    await this.budgets.giveBack(charged.filter(({ kind }) => isRight !== (kind === 'right_password')));
    return isRight ? { isRight } : { isRight, lockedUntil: lockedUntil(charged) };
  }

  async #charge(attempt: PasswordAttempt): Promise<readonly ChargedBudget[]> {
    const now = this.clock.now();
    const charge = await this.budgets.charge(await this.#budgetsOf(attempt, now), now);
    if (charge.kind === 'charged') return charge.budgets;
    throw tooManyAttempts(charge.until, now);
  }

  async #budgetsOf({ account, signedInAs, ip }: PasswordAttempt, now: Date): Promise<readonly BudgetRef[]> {
    if (signedInAs !== undefined) return ownPasswordBudgets(account, signedInAs);
    const isFamiliar = await this.familiar.isFamiliar(account, networkOf(ip), now);
    return isFamiliar ? familiarBudgets(account, ip) : signInBudgets(account, ip);
  }

  async #verify(attempt: PasswordAttempt, charged: readonly ChargedBudget[]): Promise<boolean> {
    const userId = await attempt.whose();
    await attempt.admit?.({
      ofAccount: Math.max(spentBefore(charged, 'account'), spentBefore(charged, 'account_address')),
      ofAddress: spentBefore(charged, 'address'),
    });
    const hash = await this.passwords.find(userId ?? NOBODY);
    const isRight = await this.#compare(attempt, userId, hash);
    if (isRight && userId !== null) await this.familiar.note(userId, networkOf(attempt.ip), this.clock.now());
    return isRight;
  }

  async #compare(attempt: PasswordAttempt, userId: UserId | null, hash: Secret | null): Promise<boolean> {
    const password = new Secret(preparedPassword(attempt.password.reveal()));
    const caller = { network: networkOf(attempt.ip), signal: attempt.signal };
    const verdict = await this.hasher.verify(hash, password, caller);
    if (!verdict.matches) return false;
    if (userId !== null && hash !== null && verdict.rehashed) {
      await this.passwords.rehash(userId, hash, verdict.rehashed);
    }
    return true;
  }
}

/** Looked for where there is nobody, so that the same is done. */
export const NOBODY = userId('00000000-0000-0000-0000-000000000000');

export const tooManyAttempts = (until: Date, now: Date): AppError =>
  new AppError('auth.rate_limited', {
    public: 'Too many attempts. Try again later.',
    retryAfterSeconds: Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1_000)),
  });

const spentBefore = (charged: readonly ChargedBudget[], kind: AttemptKind): number =>
  (charged.find((budget) => budget.kind === kind)?.spent ?? 1) - 1;

/** A wrong captcha is a failure of the address, or of the account from there where nothing else is counted. No stranger locks an account by it. */
function notSpent(charged: readonly ChargedBudget[], error: unknown): readonly ChargedBudget[] {
  if (!(error instanceof CaptchaRequired && error.wasChecked)) return charged;
  const isFamiliar = charged.every(({ kind }) => kind !== 'address');
  const spent: readonly AttemptKind[] = isFamiliar ? ['account_address'] : ['address', 'network'];
  return charged.filter(({ kind }) => !spent.includes(kind));
}

const lockedUntil = (charged: readonly ChargedBudget[]): Date | null =>
  charged.find(({ kind, locks }) => locks && (kind === 'account' || kind === 'own_password'))?.resetsAt ?? null;
