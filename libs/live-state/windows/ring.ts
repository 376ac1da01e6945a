import type { Calls } from './calls';

/** The times of the last `capacity` calls, in order. It serves every window of at most `capacity` calls exactly. */
export class Ring {
  readonly #times: Float64Array;
  #written = 0;
  #kept = 0;
  #newestMs = 0;

  constructor(capacity: number, calls: Calls, afterMs: number) {
    this.#times = new Float64Array(capacity);
    for (const { atMs, count } of calls) if (atMs > afterMs) this.add(count, atMs);
  }

  add(cost: number, nowMs: number): void {
    if (this.#times.length === 0) return;
    this.#newestMs = Math.max(nowMs, this.#newestMs);
    for (let i = 0; i < cost; i++) this.#times[this.#written++ % this.#times.length] = this.#newestMs;
    this.#kept = Math.min(this.#kept + cost, this.#times.length);
  }

  used(nowMs: number, lengthMs: number): number {
    return this.#kept - this.#firstInside(nowMs - lengthMs);
  }

  /** When no more than `allowed` of the calls are left in the window. */
  freeAtMs(nowMs: number, lengthMs: number, allowed: number): number {
    const first = this.#firstInside(nowMs - lengthMs);
    return this.#time(Math.max(first, this.#kept - allowed - 1)) + lengthMs;
  }

  resetAtMs(nowMs: number, lengthMs: number): number {
    return this.used(nowMs, lengthMs) === 0 ? nowMs : this.#newestMs + lengthMs;
  }

  calls(): Calls {
    return Array.from({ length: this.#kept }, (_, place) => ({ atMs: this.#time(place), count: 1 }));
  }

  /** `place` 0 is the oldest call that is kept. */
  #time(place: number): number {
    return this.#times[(this.#written - this.#kept + place) % this.#times.length] ?? 0;
  }

  #firstInside(afterMs: number): number {
    let low = 0;
    let high = this.#kept;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#time(middle) > afterMs) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
