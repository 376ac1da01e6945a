import { inspect } from 'node:util';

/**
 * A value that must never be written down by accident: every way of printing it gives `[secret]`.
 * Only `reveal()` gives the value, and a search for that word finds every place that does.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
