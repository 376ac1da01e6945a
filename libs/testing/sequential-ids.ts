import type { IdSource } from '@latchkey/kernel';

/** Ids in UUIDv7's form that count up, so that a test can name the third one beforehand: `SequentialIds.at(3)`. */
export class SequentialIds implements IdSource {
  #count = 0;

  next(): string {
    this.#count += 1;
    return SequentialIds.at(this.#count);
  }

  /** The id that the `nth` call of `next` gives, from 1 to 2^48 − 1. */
  static at(nth: number): string {
    return `00000000-0000-7000-8000-${nth.toString(16).padStart(12, '0')}`;
  }
}
