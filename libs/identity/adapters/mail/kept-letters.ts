import type { Delivery, DeliveryOutcome } from './delivery';
import type { Letter } from './letter';

export interface KeptLetter extends Letter {
  readonly at: Date;
}

const KEPT_MAX = 100;

/** Delivers to nobody: keeps the latest letters in memory, for whoever tries things out on a machine of their own. */
export class KeptLetters implements Delivery {
  #letters: readonly KeptLetter[] = [];

  constructor(private readonly onKept: () => void) {}

  /** Newest first. */
  get letters(): readonly KeptLetter[] {
    return this.#letters;
  }

  async deliver(letter: Letter): Promise<DeliveryOutcome> {
    this.#letters = [{ ...letter, at: new Date() }, ...this.#letters].slice(0, KEPT_MAX);
    this.onKept();
    return { kind: 'delivered' };
  }
}
