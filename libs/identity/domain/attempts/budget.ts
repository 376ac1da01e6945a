/** How many attempts may fail, and for how long. */
export interface BudgetLimit {
  /** From 1. */
  readonly attempts: number;
  /** From the first attempt on, all are counted together for so long; with the last one, so long none is taken. */
  readonly periodMs: number;
}

/** One count of attempts. After `resetsAt` the next one begins. */
export interface Budget {
  readonly spent: number;
  readonly beganAt: Date;
  readonly resetsAt: Date;
}

export type Charge =
  /** `locks`: it was the last attempt, and none is taken until the budget resets. */
  | { readonly kind: 'charged'; readonly budget: Budget; readonly locks: boolean }
  | { readonly kind: 'refused'; readonly until: Date };

/**
 * One attempt. Whenever they come, less than twice the limit is charged within any period: `attempts` − 1 at the end of one count, and
 * `attempts` in the next, which ends in a lock of a whole period.
 */
export function charge(budget: Budget | null, { attempts, periodMs }: BudgetLimit, now: Date): Charge {
  const current = budget !== null && now < budget.resetsAt ? budget : null;
  if (current !== null && current.spent >= attempts) return { kind: 'refused', until: current.resetsAt };
  const spent = (current?.spent ?? 0) + 1;
  const locks = spent === attempts;
  const resetsAt = current === null || locks ? new Date(now.getTime() + periodMs) : current.resetsAt;
  return { kind: 'charged', budget: { spent, beganAt: current?.beganAt ?? now, resetsAt }, locks };
}
