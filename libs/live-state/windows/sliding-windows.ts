import type { Window } from '@latchkey/contracts';
import type { WindowState } from '../live-access';
import { Buckets } from './buckets';
import type { Calls } from './calls';
import { Ring } from './ring';

/** A window above this many calls is kept in buckets. */
export const RING_MAX = 1_000;

export interface Consumed {
  readonly allowed: boolean;
  /** With a refusal: milliseconds, at least 1. */
  readonly retryAfterMs: number;
  readonly windows: readonly WindowState[];
}

/** The same windows as `redis/windows.lua`, in this process: for the in-memory adapter, and for a node's share without Redis. */
export class SlidingWindows {
  readonly #keys = new Map<string, KeyWindows>();
  #untilSweep = 1_000;

  /** Counts `cost` in all windows or in none. `nowMs` may go back a little; what was counted then waits as long as it would have. */
  consume(key: string, windows: readonly Window[], cost: number, nowMs: number): Consumed {
    if (windows.length === 0) return { allowed: true, retryAfterMs: 0, windows: [] };
    this.#sweep(nowMs);
    const kept = this.#keys.get(key);
    const state = kept?.has(windows)
      ? kept
      : new KeyWindows(windows, kept?.calls(nowMs) ?? [], nowMs, kept?.idleSinceMs);
    const consumed = state.consume(windows, cost, nowMs);
    // Laid out anew is kept even if this call is refused: it is done once per change of limits and not on every refusal.
    if (consumed.allowed || kept !== undefined) this.#keys.set(key, state);
    return consumed;
  }

  /** Once in as many calls as there are keys: constant work per call, and no more than twice the keys in use are kept. */
  #sweep(nowMs: number): void {
    if (--this.#untilSweep > 0) return;
    for (const [key, state] of this.#keys) if (state.idleSinceMs <= nowMs) this.#keys.delete(key);
    this.#untilSweep = Math.max(1_000, this.#keys.size);
  }
}

/** What one key used, laid out for a set of windows. When limits change, the calls are laid out anew; none that counts is forgotten. */
class KeyWindows {
  readonly #shape: string;
  readonly #ring: Ring;
  readonly #parts: readonly (Ring | Buckets)[];
  /** When all of it has left every window. */
  idleSinceMs: number;

  constructor(windows: readonly Window[], calls: Calls, nowMs: number, idleSinceMs = 0) {
    this.idleSinceMs = idleSinceMs;
    this.#shape = shapeOf(windows);
    const live = windows.map((window) => countSince(calls, nowMs - window.lengthMs));
    const inRing = (place: number) => Math.max(windows[place]?.limit ?? 0, live[place] ?? 0) <= RING_MAX;
    const ringed = windows.filter((_, place) => inRing(place));
    const capacity = Math.max(
      0,
      ...windows.map((window, place) => (inRing(place) ? Math.max(window.limit, live[place] ?? 0) : 0)),
    );
    const longestMs = Math.max(0, ...ringed.map((window) => window.lengthMs));
    this.#ring = new Ring(capacity, calls, nowMs - longestMs);
    this.#parts = windows.map((window, place) =>
      inRing(place) ? this.#ring : new Buckets(window.lengthMs, calls, nowMs),
    );
  }

  has(windows: readonly Window[]): boolean {
    return this.#shape === shapeOf(windows);
  }

  calls(nowMs: number): Calls {
    const finestFirst = this.#parts.filter((part) => part instanceof Buckets).sort((a, b) => a.widthMs - b.widthMs);
    const calls = finestFirst.reduce<Calls>((known, part) => part.addTo(known, nowMs), this.#ring.calls());
    return calls.toSorted((a, b) => a.atMs - b.atMs);
  }

  consume(windows: readonly Window[], cost: number, nowMs: number): Consumed {
    const rows = windows.map((window, place) => ({ window, part: this.#parts[place] ?? this.#ring }));
    const refused = rows.filter(({ window, part }) => part.used(nowMs, window.lengthMs) + cost > window.limit);
    if (refused.length === 0) {
      for (const part of new Set(this.#parts)) part.add(cost, nowMs);
      this.idleSinceMs = Math.max(...rows.map(({ window, part }) => part.resetAtMs(nowMs, window.lengthMs)));
    }
    const waits = refused.map(({ window, part }) =>
      cost > window.limit ? window.lengthMs : part.freeAtMs(nowMs, window.lengthMs, window.limit - cost) - nowMs,
    );
    return {
      allowed: refused.length === 0,
      retryAfterMs: refused.length === 0 ? 0 : Math.max(1, Math.ceil(Math.max(...waits))),
      windows: rows.map(({ window, part }) => ({
        name: window.name,
        limit: window.limit,
        remaining: Math.max(0, window.limit - part.used(nowMs, window.lengthMs)),
        resetAtMs: Math.ceil(part.resetAtMs(nowMs, window.lengthMs)),
      })),
    };
  }
}

const shapeOf = (windows: readonly Window[]) => windows.map(({ limit, lengthMs }) => `${limit}/${lengthMs}`).join();

const countSince = (calls: Calls, afterMs: number) =>
  calls.reduce((count, call) => (call.atMs > afterMs ? count + call.count : count), 0);
