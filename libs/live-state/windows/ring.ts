import type { Calls } from './calls';

/** The times of the last `capacity` calls, in order. It serves every window of at most `capacity` calls exactly. */
export class Ring {
  /** Grows to the capacity as it fills: most keys use little of their limit. */
  #times: Float64Array;
  #written = 0;
  #kept = 0;
  #newestMs = 0;

  constructor(
    private readonly capacity: number,
    calls: Calls,
    afterMs: number,
  ) {
    this.#times = new Float64Array(Math.min(capacity, 8));
    for (const { atMs, count } of calls) if (atMs > afterMs) this.add(count, atMs);
  }

  /** Never before the newest call. */
  add(cost: number, nowMs: number): void {
    if (this.capacity === 0) return;
    if (this.#kept + cost > this.#times.length) this.#grow(this.#kept + cost);
    this.#newestMs = nowMs;
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

  #grow(needed: number): void {
    const length = Math.min(this.capacity, Math.max(needed, 2 * this.#times.length));
    if (length === this.#times.length) return;
    const times = new Float64Array(length);
    for (let place = 0; place < this.#kept; place++) times[place] = this.#time(place);
    this.#times = times;
    this.#written = this.#kept;
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
