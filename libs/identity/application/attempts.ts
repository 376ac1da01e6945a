import { parseIpAddress } from '@latchkey/access';
import type { UserId } from '@latchkey/kernel';
import type { BudgetLimit } from '../domain/attempts/budget';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * How many attempts may fail before no more are taken. Those of an account from one address are few; those of an account in all are more,
 * as anybody can spend them; those of an address must do for an office behind it. All together bound what guessing at many accounts from
 * many addresses can do. Second factors are asked of who knows the password already, and have six digits: 30 wrong ones in a day find one
 * of the three that are right with a chance of 1 in 11,000.
 */
export const ATTEMPT_LIMITS = {
  account_address: { attempts: 10, periodMs: 15 * MINUTE_MS },
  account: { attempts: 30, periodMs: HOUR_MS },
  second_factor: { attempts: 10, periodMs: HOUR_MS },
  second_factor_day: { attempts: 30, periodMs: DAY_MS },
  address: { attempts: 100, periodMs: 15 * MINUTE_MS },
  all: { attempts: 600, periodMs: MINUTE_MS },
  reset_account: { attempts: 5, periodMs: HOUR_MS },
  reset_address: { attempts: 50, periodMs: HOUR_MS },
  code_mail: { attempts: 10, periodMs: HOUR_MS },
} as const satisfies Readonly<Record<string, BudgetLimit>>;

export type AttemptKind = keyof typeof ATTEMPT_LIMITS;

/** One budget: of what, and whose. */
export interface BudgetRef {
  readonly kind: AttemptKind;
  /** Kept as a digest. */
  readonly subject: string;
}

/** What was charged, to be given back. */
export interface ChargedBudget extends BudgetRef {
  readonly beganAt: Date;
  /** With this attempt. */
  readonly spent: number;
  /** It was the last one. */
  readonly locks: boolean;
  readonly resetsAt: Date;
}

export type AttemptCharge =
  | { readonly kind: 'charged'; readonly budgets: readonly ChargedBudget[] }
  | { readonly kind: 'refused'; readonly until: Date };

/** Kept by the primary, so that they outlive every process and every cache. */
export interface AttemptBudgets {
  /**
   * Charges one attempt to all of the budgets, or to none. What it answers is committed, so whoever verifies something after it has paid.
   * @param budgets in the order of `ATTEMPT_LIMITS`, which is the one in which everybody takes them
   */
  charge(budgets: readonly BudgetRef[], now: Date): Promise<AttemptCharge>;
  /** To the same counts; one that has ended stays as it was. */
  giveBack(charged: readonly ChargedBudget[]): Promise<void>;
  /** Whole again, at once. */
  reset(budgets: readonly BudgetRef[]): Promise<void>;
}

const IPV6_NETWORK_BITS = 64n;

/** One customer of a provider has a /64 of IPv6 at least, and all of its addresses for the asking. */
export function networkOf(ip: string | undefined): string {
  const address = ip === undefined ? undefined : parseIpAddress(ip);
  if (address === undefined) return 'unknown';
  return address.version === 4 ? String(address.value) : `6:${address.value >> IPV6_NETWORK_BITS}`;
}

/** Of one who says to be this account. Whether there is one makes no difference. */
export function signInBudgets(account: string, ip: string | undefined): readonly BudgetRef[] {
  const network = networkOf(ip);
  return [
    { kind: 'account_address', subject: `${network} ${account}` },
    { kind: 'account', subject: account },
    { kind: 'address', subject: network },
    { kind: 'all', subject: '' },
  ];
}

/** Of one who has shown the password. */
export const secondFactorBudgets = (userId: UserId, ip: string | undefined): readonly BudgetRef[] => [
  { kind: 'second_factor', subject: userId },
  { kind: 'second_factor_day', subject: userId },
  { kind: 'address', subject: networkOf(ip) },
  { kind: 'all', subject: '' },
];

/** Of one who asks for a mail to this account. */
export const resetBudgets = (account: string, ip: string | undefined): readonly BudgetRef[] => [
  { kind: 'reset_account', subject: account },
  { kind: 'reset_address', subject: networkOf(ip) },
];
