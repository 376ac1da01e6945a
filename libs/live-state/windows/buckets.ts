import type { Calls } from './calls';

const BUCKETS = 100;
const SLOTS = BUCKETS + 1;

/**
 * Calls per hundredth of a window. Every bucket that overlaps the window counts whole, so it may refuse early but never admits late.
 */
export class Buckets {
  readonly widthMs: number;
  readonly #slots = new Uint32Array(SLOTS);
  #newest: number;
  #total = 0;

  constructor(lengthMs: number, calls: Calls, nowMs: number) {
    this.widthMs = lengthMs / BUCKETS;
    this.#newest = this.#bucketOf(nowMs);
    for (const { atMs, count } of calls) this.#put(this.#bucketOf(atMs), count);
  }

  add(cost: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#put(this.#newest, cost);
  }

  /** Forgets nothing: what a refused call makes leave the window counts again if the clock goes back. */
  used(nowMs: number): number {
    const first = this.#firstInside(nowMs);
    let used = this.#total;
    for (let bucket = this.#newest - BUCKETS; bucket < first && bucket <= this.#newest; bucket++)
      used -= this.#count(bucket);
    return used;
  }

  freeAtMs(nowMs: number, lengthMs: number, allowed: number): number {
    let left = this.used(nowMs);
    let bucket = this.#firstInside(nowMs);
    for (; left > allowed && bucket <= this.#newest; bucket++) left -= this.#count(bucket);
    return bucket * this.widthMs + lengthMs;
  }

  resetAtMs(nowMs: number, lengthMs: number): number {
    return this.used(nowMs) === 0 ? nowMs : (this.#newest + 1) * this.widthMs + lengthMs;
  }

  /** `calls`, and what only these buckets know, put at its bucket's end: never too early. */
  addTo(calls: Calls, nowMs: number): Calls {
    const known = new Map<number, number>();
    for (const { atMs, count } of calls)
      known.set(this.#bucketOf(atMs), (known.get(this.#bucketOf(atMs)) ?? 0) + count);
    const all = [...calls];
    for (let bucket = this.#newest - BUCKETS; bucket <= this.#newest; bucket++) {
      const count = this.#count(bucket) - (known.get(bucket) ?? 0);
      const endMs = (bucket + 1) * this.widthMs;
      // Inside its bucket, so that a coarser window's buckets find it where they counted it themselves.
      if (count > 0) all.push({ atMs: Math.min(endMs - this.widthMs / 1_000, nowMs), count });
    }
    return all;
  }

  #advance(nowMs: number): void {
    const present = this.#bucketOf(nowMs);
    for (let bucket = Math.max(this.#newest + 1, present - BUCKETS); bucket <= present; bucket++) {
      this.#total -= this.#count(bucket);
      this.#slots[bucket % SLOTS] = 0;
    }
    this.#newest = Math.max(this.#newest, present);
  }

  #put(bucket: number, count: number): void {
    if (bucket < this.#newest - BUCKETS) return;
    this.#slots[bucket % SLOTS] = this.#count(bucket) + count;
    this.#total += count;
  }

  #count(bucket: number): number {
    return this.#slots[bucket % SLOTS] ?? 0;
  }

  #firstInside(nowMs: number): number {
    return Math.max(this.#newest, this.#bucketOf(nowMs)) - BUCKETS;
  }

  #bucketOf(atMs: number): number {
    return Math.floor(atMs / this.widthMs);
  }
}
