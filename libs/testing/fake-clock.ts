import type { Clock } from '@latchkey/kernel';

/** A clock that stands still until it is told otherwise. */
export class FakeClock implements Clock {
  #nowMs: number;

  constructor(start: Date | string = '2026-01-01T00:00:00.000Z') {
    this.#nowMs = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  advance(milliseconds: number): void {
    this.#nowMs += milliseconds;
  }

  set(time: Date | string): void {
    this.#nowMs = new Date(time).getTime();
  }
}
