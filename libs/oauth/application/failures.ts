import { SlidingWindows, type Window } from '@latchkey/live-state';

/** Addresses, or names at them, that are remembered: with some 1 KB each. Strangers may have more addresses than that (IPv6). */
export const REMEMBERED_MAX = 20_000;

export const perMinute = (limit: number): readonly Window[] => [{ name: 'minute', limit, lengthMs: 60_000 }];

/** Failures in any minute, and attempts under way, each name for itself. */
export class Failures {
  readonly windows = new SlidingWindows(REMEMBERED_MAX);
  readonly underWay = new Map<string, Set<Promise<unknown>>>();
  readonly ofOne: readonly Window[];

  constructor(limit: number) {
    this.ofOne = perMinute(limit);
  }

  of(name: string): Budget {
    return new Budget(this, name);
  }
}

/** What may fail of one name. */
export class Budget {
  constructor(
    private readonly failures: Failures,
    private readonly name: string,
  ) {}

  hasRoom(nowMs: number): boolean {
    return this.#left(nowMs).remaining > this.#underWay.size;
  }

  /** How long until none of what has failed counts. Null: there is something left, if not all that is under way fails. */
  spentMs(nowMs: number): number | null {
    const { remaining, resetAtMs } = this.#left(nowMs);
    return remaining === 0 ? resetAtMs - nowMs : null;
  }

  /** However it ends. */
  async oneEnds(): Promise<void> {
    await Promise.race(this.#underWay).catch(() => undefined);
  }

  /** @returns to be called when it has ended */
  begin(attempt: Promise<unknown>): (failed: boolean, nowMs: number) => void {
    const { windows, underWay, ofOne } = this.failures;
    const now = this.#underWay.add(attempt);
    underWay.set(this.name, now);
    return (failed, nowMs) => {
      now.delete(attempt);
      if (now.size === 0) underWay.delete(this.name);
      if (failed) windows.consume(this.name, ofOne, 1, nowMs);
    };
  }

  get #underWay(): Set<Promise<unknown>> {
    return this.failures.underWay.get(this.name) ?? new Set();
  }

  #left(nowMs: number): { readonly remaining: number; readonly resetAtMs: number } {
    const { windows, ofOne } = this.failures;
    const [left] = windows.consume(this.name, ofOne, 0, nowMs).windows;
    return left ?? { remaining: 0, resetAtMs: nowMs };
  }
}
