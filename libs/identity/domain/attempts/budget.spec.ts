import fc from 'fast-check';
import { charge, type Budget, type BudgetLimit } from './budget';

const PERIOD_MS = 1_000;
const limit: BudgetLimit = { attempts: 3, periodMs: PERIOD_MS };

/** Attempts at these times, all of which fail: the times of those that were charged. */
function charged(limit: BudgetLimit, timesMs: readonly number[]): number[] {
  let budget: Budget | null = null;
  const passed: number[] = [];
  for (const timeMs of timesMs) {
    const result = charge(budget, limit, new Date(timeMs));
    if (result.kind === 'refused') continue;
    budget = result.budget;
    passed.push(timeMs);
  }
  return passed;
}

describe('a budget of attempts', () => {
  it('locks with its last attempt, for a whole period from then on', () => {
    expect(charged(limit, [0, 500, 900, 901, 1_000, 1_899, 1_900])).toEqual([0, 500, 900, 1_900]);
    const before: Budget = { spent: 2, beganAt: new Date(0), resetsAt: new Date(PERIOD_MS) };
    const locked: Budget = { spent: 3, beganAt: new Date(0), resetsAt: new Date(1_900) };
    expect(charge(before, limit, new Date(900))).toEqual({ kind: 'charged', budget: locked, locks: true });
    expect(charge(locked, limit, new Date(1_899))).toEqual({ kind: 'refused', until: new Date(1_900) });
  });

  it('is whole again a period after the first attempt, when it was not spent', () => {
    expect(charged(limit, [0, 1, 1_000, 1_001, 1_002, 1_003])).toEqual([0, 1, 1_000, 1_001, 1_002]);
  });

  it('of one attempt locks with it', () => {
    expect(charge(null, { attempts: 1, periodMs: PERIOD_MS }, new Date(0))).toMatchObject({ locks: true });
  });

  const limits = fc.record({ attempts: fc.integer({ min: 1, max: 20 }), periodMs: fc.integer({ min: 1, max: 5_000 }) });
  const times = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 300 }).map((steps) => {
    let nowMs = 0;
    return steps.map((step) => (nowMs += step));
  });

  it('charges less than twice its limit within any period, whenever the attempts come', () => {
    fc.assert(
      fc.property(limits, times, (each, timesMs) => {
        const passed = charged(each, timesMs);
        return passed.every((from) => {
          const inPeriod = passed.filter((timeMs) => timeMs >= from && timeMs < from + each.periodMs);
          return inPeriod.length <= 2 * each.attempts - 1;
        });
      }),
    );
  });

  it('refuses nobody who has not spent it, and tells the others a time at which it takes them', () => {
    fc.assert(
      fc.property(limits, times, (each, timesMs) => {
        let budget: Budget | null = null;
        for (const timeMs of timesMs) {
          const result = charge(budget, each, new Date(timeMs));
          if (result.kind === 'charged') budget = result.budget;
          else {
            expect(budget?.spent).toBe(each.attempts);
            expect(result.until.getTime()).toBeLessThanOrEqual(timeMs + each.periodMs);
            expect(charge(budget, each, result.until).kind).toBe('charged');
          }
        }
      }),
    );
  });
});
