import { ipv6NetworkOf, networkOf } from '@latchkey/access';
import type { UserId, WorkspaceId } from '@latchkey/kernel';
import type { BudgetLimit } from '../domain/attempts/budget';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * How many attempts may fail before no more are taken. Those of an account from one address are few; those of an account in all are more,
 * as anybody can spend them; those of an address must do for an office behind it, those of a network for several. All together bound what
 * guessing at many accounts from many addresses can do. Second factors are asked of who knows the password already, and have six digits: 30 wrong ones in a day find one
 * of the three that are right with a chance of 1 in 11,000. Right passwords cost as much work as wrong ones, so they are counted too; those of
 * an account are more than what strangers can have under way at once, who so cannot spend them.
 */
export const ATTEMPT_LIMITS = {
  account_address: { attempts: 10, periodMs: 15 * MINUTE_MS },
  account: { attempts: 30, periodMs: HOUR_MS },
  own_password: { attempts: 10, periodMs: HOUR_MS },
  second_factor: { attempts: 10, periodMs: HOUR_MS },
  second_factor_day: { attempts: 30, periodMs: DAY_MS },
  address: { attempts: 100, periodMs: 15 * MINUTE_MS },
  network: { attempts: 400, periodMs: 15 * MINUTE_MS },
  all: { attempts: 600, periodMs: MINUTE_MS },
  reset_account: { attempts: 5, periodMs: HOUR_MS },
  reset_address: { attempts: 50, periodMs: HOUR_MS },
  reset_network: { attempts: 200, periodMs: HOUR_MS },
  code_mail: { attempts: 10, periodMs: HOUR_MS },
  invitation: { attempts: 50, periodMs: HOUR_MS },
  right_password: { attempts: 40, periodMs: MINUTE_MS },
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

/** From where somebody has signed in to an account of late. It can be erased with the account. */
export interface FamiliarNetworks {
  /** Whether there is such an account makes no difference to the work. */
  isFamiliar(account: string, network: string, now: Date): Promise<boolean>;
  /** For `FAMILIAR_MS` from now. */
  note(userId: UserId, network: string, now: Date): Promise<void>;
}

export const FAMILIAR_MS = 30 * DAY_MS;

/** What one customer of a provider may have of IPv6. */
const NETWORK_BITS = 48;

type OfAddress = 'address' | 'reset_address';
const NETWORK_OF = { address: 'network', reset_address: 'reset_network' } as const;

/** Of an address; and of the /48 that it is in, where it is one of IPv6: that has 65,536 addresses. */
function addressBudgets(kind: OfAddress, ip: string | undefined): readonly BudgetRef[] {
  const ofAddress = { kind, subject: networkOf(ip) };
  const network = ipv6NetworkOf(ip, NETWORK_BITS);
  return network === null ? [ofAddress] : [ofAddress, { kind: NETWORK_OF[kind], subject: network }];
}

/** Of one who says to be this account. Whether there is one makes no difference. */
export function signInBudgets(account: string, ip: string | undefined): readonly BudgetRef[] {
  return [
    ofPair(account, ip),
    ofAccount(account),
    ...addressBudgets('address', ip),
    { kind: 'all', subject: '' },
    ofRightPasswords(account),
  ];
}

/**
 * Of one who says to be this account, from where somebody has signed in to it. No stranger elsewhere can spend it: whatever they do, the user
 * of the account gets in.
 */
export const familiarBudgets = (account: string, ip: string | undefined): readonly BudgetRef[] => [
  ofPair(account, ip),
  ofRightPasswords(account),
];

/** Of one who is signed in, and shows the password once more: nobody can spend them who has no session of that user. */
export const ownPasswordBudgets = (account: string, userId: UserId): readonly BudgetRef[] => [
  ofOwnPassword(userId),
  ofRightPasswords(account),
];

/** What a reset of the password makes whole again: whoever reads the mail of the account has shown whose it is. */
export const resetByMail = (account: string, userId: UserId, ip: string | undefined): readonly BudgetRef[] => [
  ofPair(account, ip),
  ofAccount(account),
  ofOwnPassword(userId),
];

const ofAccount = (account: string): BudgetRef => ({ kind: 'account', subject: account });
const ofOwnPassword = (userId: UserId): BudgetRef => ({ kind: 'own_password', subject: userId });
const ofPair = (account: string, ip: string | undefined): BudgetRef => ({
  kind: 'account_address',
  subject: `${networkOf(ip)} ${account}`,
});

/** Stays charged when the password was right, and only then. */
const ofRightPasswords = (account: string): BudgetRef => ({ kind: 'right_password', subject: account });

/** Of one who shows a token of 256 bits. Nobody guesses one, so what others do is no reason to refuse it. */
export const tokenBudgets = (ip: string | undefined): readonly BudgetRef[] => addressBudgets('address', ip);

/** Of one who has shown the password. */
export const secondFactorBudgets = (userId: UserId, ip: string | undefined): readonly BudgetRef[] => [
  { kind: 'second_factor', subject: userId },
  { kind: 'second_factor_day', subject: userId },
  ...addressBudgets('address', ip),
];

/** Of one who asks for a mail to this account. */
export const resetBudgets = (account: string, ip: string | undefined): readonly BudgetRef[] => [
  { kind: 'reset_account', subject: account },
  ...addressBudgets('reset_address', ip),
];

/** Of a member who invites: the mails go to whatever addresses they write. */
export const invitationBudgets = (workspaceId: WorkspaceId, userId: UserId): readonly BudgetRef[] => [
  { kind: 'invitation', subject: `${workspaceId} ${userId}` },
];
