import type { Window } from '@latchkey/contracts';

/** The plainest sliding window there is: every call that passed, with its time. */
export class CallLog {
  readonly #calls: { readonly atMs: number; readonly cost: number }[] = [];

  add(cost: number, atMs: number): void {
    this.#calls.push({ atMs, cost });
  }

  used(lengthMs: number, nowMs: number): number {
    return this.#calls.reduce((used, { atMs, cost }) => (atMs > nowMs - lengthMs ? used + cost : used), 0);
  }

  allows(windows: readonly Window[], cost: number, nowMs: number): boolean {
    return windows.every(({ limit, lengthMs }) => this.used(lengthMs, nowMs) + cost <= limit);
  }
}
