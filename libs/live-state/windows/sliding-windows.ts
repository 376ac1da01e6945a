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

  /** @param keysMax beyond them the key that came first is forgotten, however lately it was used: for windows of which strangers choose the keys. Absent: none ever is */
  constructor(private readonly keysMax = Infinity) {}

  /**
   * Counts `cost` in all windows or in none; a cost of 0 is a look, which nothing refuses. `nowMs` may go back: no time is before that of the key's newest call, so windows only ever move
   * on, and what was counted waits as long as it would have.
   */
  consume(key: string, windows: readonly Window[], cost: number, nowMs: number): Consumed {
    if (windows.length === 0) return { allowed: true, retryAfterMs: 0, windows: [] };
    this.#sweep(nowMs);
    const kept = this.#keys.get(key);
    const state = kept?.has(windows) ? kept : new KeyWindows(windows, nowMs, kept);
    const consumed = state.consume(windows, cost, nowMs);
    // Laid out anew is kept even if this call is refused: it is done once per change of limits and not on every refusal.
    if ((consumed.allowed && cost > 0) || kept !== undefined) this.#keep(key, state);
    return consumed;
  }

  #keep(key: string, state: KeyWindows): void {
    const [first] = this.#keys.keys();
    if (first !== undefined && this.#keys.size >= this.keysMax && !this.#keys.has(key)) this.#keys.delete(first);
    this.#keys.set(key, state);
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
  #newestMs: number;
  /** When all of it has left every window. */
  idleSinceMs: number;

  constructor(windows: readonly Window[], nowMs: number, former?: KeyWindows) {
    this.idleSinceMs = former?.idleSinceMs ?? 0;
    this.#shape = shapeOf(windows);
    // Not the present: the call that is about to be decided may be refused, and then nothing is forgotten.
    const atMs = (this.#newestMs = former ? former.#newestMs : nowMs);
    const calls = former ? former.#calls(atMs) : [];
    const live = windows.map((window) => countSince(calls, atMs - window.lengthMs));
    const inRing = (place: number) => Math.max(windows[place]?.limit ?? 0, live[place] ?? 0) <= RING_MAX;
    const ringed = windows.filter((_, place) => inRing(place));
    const capacity = Math.max(
      0,
      ...windows.map((window, place) => (inRing(place) ? Math.max(window.limit, live[place] ?? 0) : 0)),
    );
    const longestMs = Math.max(0, ...ringed.map((window) => window.lengthMs));
    this.#ring = new Ring(capacity, calls, atMs - longestMs);
    this.#parts = windows.map((window, place) =>
      inRing(place) ? this.#ring : new Buckets(window.lengthMs, calls, atMs),
    );
  }

  has(windows: readonly Window[]): boolean {
    return this.#shape === shapeOf(windows);
  }

  #calls(atMs: number): Calls {
    const finestFirst = this.#parts.filter((part) => part instanceof Buckets).sort((a, b) => a.widthMs - b.widthMs);
    const calls = finestFirst.reduce<Calls>((known, part) => part.addTo(known, atMs), this.#ring.calls());
    return calls.toSorted((a, b) => a.atMs - b.atMs);
  }

  consume(windows: readonly Window[], cost: number, nowMs: number): Consumed {
    const atMs = Math.max(nowMs, this.#newestMs);
    const rows = windows.map((window, place) => ({ window, part: this.#parts[place] ?? this.#ring }));
    const exceeds = ({ window, part }: (typeof rows)[number]) => part.used(atMs, window.lengthMs) + cost > window.limit;
    const refused = cost === 0 ? [] : rows.filter(exceeds);
    if (cost > 0 && refused.length === 0) {
      for (const part of new Set(this.#parts)) part.add(cost, atMs);
      this.#newestMs = atMs;
      this.idleSinceMs = Math.max(...rows.map(({ window, part }) => part.resetAtMs(atMs, window.lengthMs)));
    }
    const waits = refused.map(({ window, part }) =>
      cost > window.limit ? window.lengthMs : part.freeAtMs(atMs, window.lengthMs, window.limit - cost) - nowMs,
    );
    return {
      allowed: refused.length === 0,
      retryAfterMs: refused.length === 0 ? 0 : Math.max(1, Math.ceil(Math.max(...waits))),
      windows: rows.map(({ window, part }) => ({
        name: window.name,
        limit: window.limit,
        remaining: Math.max(0, window.limit - part.used(atMs, window.lengthMs)),
        resetAtMs: Math.ceil(part.resetAtMs(atMs, window.lengthMs)),
      })),
    };
  }
}

const shapeOf = (windows: readonly Window[]) => windows.map(({ limit, lengthMs }) => `${limit}/${lengthMs}`).join();

const countSince = (calls: Calls, afterMs: number) =>
  calls.reduce((count, call) => (call.atMs > afterMs ? count + call.count : count), 0);
