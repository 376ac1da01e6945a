import type { Window } from '@latchkey/contracts';
import fc from 'fast-check';
import { CallLog } from '../testing/call-log';
import { SlidingWindows } from './sliding-windows';

const second = (limit: number): Window => ({ name: 'second', limit, lengthMs: 1_000 });
const minute = (limit: number): Window => ({ name: 'minute', limit, lengthMs: 60_000 });
const day = (limit: number): Window => ({ name: 'day', limit, lengthMs: 86_400_000 });

const small = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 60 }))
  .map(([s, m]) => [second(s), minute(m)]);
const large = fc
  .tuple(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1_001, max: 9_000 }))
  .map(([m, d]) => [minute(m), day(d)]);
const step = (costMax: number) =>
  fc.record({
    waitMs: fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 0, max: 40_000 }),
      fc.integer({ min: 0, max: 50_000_000 }),
    ),
    cost: fc.integer({ min: 1, max: costMax }),
    plan: fc.integer({ min: 0, max: 2 }),
  });

describe('sliding windows', () => {
  it('up to a thousand calls decide exactly as a log of all calls does, whatever plans follow one another', () => {
    fc.assert(
      fc.property(
        fc.array(small, { minLength: 3, maxLength: 3 }),
        fc.array(step(4), { maxLength: 80 }),
        (plans, steps) => {
          const [windows, log] = [new SlidingWindows(), new CallLog()];
          let nowMs = 1_700_000_000_000;
          for (const { waitMs, cost, plan } of steps) {
            nowMs += waitMs;
            const limits = plans[plan] ?? [];
            const { allowed, windows: states } = windows.consume('key', limits, cost, nowMs);
            expect(allowed).toBe(log.allows(limits, cost, nowMs));
            if (allowed) log.add(cost, nowMs);
            for (const [place, limit] of limits.entries()) {
              expect(states[place]?.remaining).toBe(Math.max(0, limit.limit - log.used(limit.lengthMs, nowMs)));
            }
          }
        },
      ),
    );
  });

  it('above a thousand never admit late, and refuse early only by a hundredth of the window, while the plan stays', () => {
    fc.assert(
      fc.property(large, fc.array(step(900), { maxLength: 80 }), (limits, steps) => {
        const [windows, log] = [new SlidingWindows(), new CallLog()];
        let nowMs = 1_700_000_000_000;
        for (const { waitMs, cost } of steps) {
          nowMs += waitMs;
          const { allowed } = windows.consume('key', limits, cost, nowMs);
          if (allowed) expect(log.allows(limits, cost, nowMs)).toBe(true);
          else expect(log.allows(widened(limits), cost, nowMs)).toBe(false);
          if (allowed) log.add(cost, nowMs);
        }
      }),
    );
  });

  it('never admit late, whatever plans follow one another', () => {
    const plans = fc.array(fc.oneof(small, large), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(plans, fc.array(step(600), { maxLength: 60 }), (choices, steps) => {
        const [windows, log] = [new SlidingWindows(), new CallLog()];
        let nowMs = 1_700_000_000_000;
        for (const { waitMs, cost, plan } of steps) {
          nowMs += waitMs % 90_000;
          const limits = choices[plan] ?? [];
          // A length that the plan before did not have starts with what is known of it.
          const known = limits.filter(({ lengthMs }) =>
            choices.every((choice) => choice.some((w) => w.lengthMs >= lengthMs)),
          );
          const { allowed } = windows.consume('key', limits, cost, nowMs);
          if (allowed) expect(log.allows(known, cost, nowMs)).toBe(true);
          if (allowed) log.add(cost, nowMs);
        }
      }),
    );
  });

  it.each([
    ['ring', minute(100), 7],
    ['buckets', minute(5_000), 900],
  ])('a refused call passes after the wait that it was told, and not a millisecond before (%s)', (_, window, cost) => {
    const windows = new SlidingWindows();
    let nowMs = 1_700_000_000_000;
    while (windows.consume('key', [window], cost, nowMs).allowed) nowMs += 1_234;
    const { retryAfterMs } = windows.consume('key', [window], cost, nowMs);
    expect(windows.consume('key', [window], cost, nowMs + retryAfterMs - 1).allowed).toBe(false);
    expect(windows.consume('key', [window], cost, nowMs + retryAfterMs).allowed).toBe(true);
  });

  it('when the clock goes back, decide as if it stood still since the newest call, and never admit late', () => {
    const back = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 100_000 }));
    const steps = fc.array(fc.tuple(step(4), back), { maxLength: 80 });
    fc.assert(
      fc.property(fc.array(small, { minLength: 3, maxLength: 3 }), steps, (plans, clock) => {
        const [windows, log] = [new SlidingWindows(), new CallLog()];
        let [nowMs, newestMs] = [1_700_000_000_000, 0];
        for (const [{ waitMs, cost, plan }, backMs] of clock) {
          nowMs += backMs > 0 ? -backMs : waitMs % 90_000;
          const [limits, atMs] = [plans[plan] ?? [], Math.max(nowMs, newestMs)];
          const { allowed, retryAfterMs } = windows.consume('key', limits, cost, nowMs);
          expect(allowed).toBe(log.allows(limits, cost, atMs));
          if (!allowed && limits.every(({ limit }) => cost <= limit))
            expect(log.allows(limits, cost, Math.max(nowMs + retryAfterMs, newestMs))).toBe(true);
          if (allowed) log.add(cost, (newestMs = atMs));
        }
      }),
    );
  });

  it('above a thousand too never admit late when the clock goes back, whatever plans follow one another', () => {
    const back = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 60_000 }));
    const steps = fc.array(fc.tuple(step(900), back), { maxLength: 80 });
    fc.assert(
      fc.property(fc.array(large, { minLength: 3, maxLength: 3 }), steps, (plans, clock) => {
        const [windows, log] = [new SlidingWindows(), new CallLog()];
        let [nowMs, newestMs] = [1_700_000_000_000, 0];
        for (const [{ waitMs, cost, plan }, backMs] of clock) {
          nowMs += backMs > 0 ? -backMs : waitMs % 90_000;
          const [limits, atMs] = [plans[plan] ?? [], Math.max(nowMs, newestMs)];
          const { allowed } = windows.consume('key', limits, cost, nowMs);
          if (allowed) expect(log.allows(limits, cost, atMs)).toBe(true);
          if (allowed) log.add(cost, (newestMs = atMs));
        }
      }),
    );
  });

  it('a clock that goes back while limits change frees nothing early', () => {
    const windows = new SlidingWindows();
    const at = (second: number) => 1_700_000_000_000 + second * 1_000;
    expect(windows.consume('key', [minute(2_000)], 1_500, at(0)).allowed).toBe(true);
    expect(windows.consume('key', [minute(1_600)], 200, at(-30)).allowed).toBe(false);
    expect(windows.consume('key', [minute(1_600)], 200, at(40)).allowed).toBe(false);
    expect(windows.consume('key', [minute(1_600)], 200, at(61)).allowed).toBe(true);
  });

  it('of more keys than are kept forget what the first one has used', () => {
    const windows = new SlidingWindows(2);
    const takes = (key: string) => windows.consume(key, [minute(1)], 1, 1_700_000_000_000).allowed;
    expect(['a', 'b', 'a', 'b'].map(takes)).toEqual([true, true, false, false]);
    expect(takes('c')).toBe(true);
    expect(['b', 'c', 'a'].map(takes)).toEqual([false, false, true]);
  });

  it('a clock that goes back admits nothing more', () => {
    const windows = new SlidingWindows();
    expect(windows.consume('key', [minute(1)], 1, 1_700_000_000_000).allowed).toBe(true);
    expect(windows.consume('key', [minute(1)], 1, 1_699_999_900_000).allowed).toBe(false);
  });
});

const widened = (windows: readonly Window[]) =>
  windows.map((window) => (window.limit > 1_000 ? { ...window, lengthMs: window.lengthMs * 1.01 } : window));
