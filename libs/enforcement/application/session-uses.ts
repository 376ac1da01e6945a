import type { SessionActivity } from '@latchkey/contracts';
import type { SessionId } from '@latchkey/kernel';
import type { ActivityNotes } from './ports';

/** As the protocol takes them at once. */
const USES_PER_NOTE_MAX = 1_000;
const WAITING_MAX = 10_000;
const TOLD_MAX = 100_000;
/** A session is told of once in so long, however often it is used (C9). */
const ONCE_PER_MS = 60_000;

/**
 * Gathers which sessions were used, and tells identity. Beyond the bound a use is not noted, and what could not be told is not told again: a
 * session is idle for hours before it ends, and whoever still uses it is noted the next minute.
 */
export class SessionUses implements ActivityNotes {
  #waiting = new Map<SessionId, number>();
  /** Told of since `#sinceMs`. */
  #told = new Set<SessionId>();
  #sinceMs = 0;
  #telling = false;

  constructor(
    private readonly activity: SessionActivity,
    private readonly onError: (error: unknown) => void,
  ) {}

  note(session: SessionId, atMs: number): void {
    if (Math.abs(atMs - this.#sinceMs) >= ONCE_PER_MS) {
      this.#told.clear();
      this.#sinceMs = atMs;
    }
    if (this.#told.has(session) || this.#waiting.size >= WAITING_MAX || this.#told.size >= TOLD_MAX) return;
    this.#told.add(session);
    this.#waiting.set(session, atMs);
  }

  /** To be called every second or so. One call is under way at a time. */
  async tell(): Promise<void> {
    if (this.#telling || this.#waiting.size === 0) return;
    this.#telling = true;
    const waiting = [...this.#waiting].map(([sessionId, atMs]) => ({ sessionId, atMs }));
    this.#waiting = new Map();
    try {
      for (let first = 0; first < waiting.length; first += USES_PER_NOTE_MAX)
        await this.activity.note(waiting.slice(first, first + USES_PER_NOTE_MAX));
    } catch (error) {
      this.onError(error);
    } finally {
      this.#telling = false;
    }
  }
}
