import { setTimeout as pause } from 'node:timers/promises';

/** What was asked for in a span of time, and how it went. */
export interface Span {
  readonly perSecond: number;
  /** Time to an answer, in ms. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

interface Done {
  readonly startedAt: number;
  readonly ms: number;
}

/** Work that is done again and again, each piece after the last, till it is stopped. Times are `performance.now()`. */
export class Load {
  readonly failures: string[] = [];
  readonly #done: Done[] = [];
  readonly #loops: Promise<void>[];
  #running = true;

  /**
   * @param works one of them for each worker; a piece of work that fails throws
   * @param paceMs between two pieces
   */
  constructor(
    works: readonly (() => Promise<void>)[],
    private readonly paceMs: number,
  ) {
    this.#loops = works.map((work) => this.#loop(work));
  }

  /** How many pieces of work were done. */
  get count(): number {
    return this.#done.length;
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
  }

  /** Of the work that began in it. */
  between(from: number, to: number): Span {
    const times = this.#done
      .filter(({ startedAt }) => startedAt >= from && startedAt < to)
      .map(({ ms }) => ms)
      .sort((a, b) => a - b);
    const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    return { perSecond: (times.length / (to - from)) * 1_000, p50: at(0.5), p99: at(0.99), longest: at(1) };
  }

  async #loop(work: () => Promise<void>): Promise<void> {
    while (this.#running) {
      const startedAt = performance.now();
      try {
        await work();
        this.#done.push({ startedAt, ms: performance.now() - startedAt });
      } catch (error) {
        this.failures.push(`after ${Math.round(performance.now() - startedAt)} ms: ${String(error)}`);
        await pause(100);
      }
      if (this.paceMs > 0) await pause(this.paceMs);
    }
  }
}
