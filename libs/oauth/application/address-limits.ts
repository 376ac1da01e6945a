import type { Clock } from '@latchkey/kernel';
import { SlidingWindows, type Window } from '@latchkey/live-state';
import { Failures, perMinute, REMEMBERED_MAX, type Budget } from './failures';

export interface AddressLimitOptions {
  /** Requests at the token endpoint in any minute. */
  readonly requestsPerMinute: number;
  /** Failed authentications in any minute, at all endpoints. */
  readonly failuresPerMinute: number;
  /** Of those, by one name: who fails again and again leaves room for the others at the address. */
  readonly failuresOfOnePerMinute: number;
  readonly clock: Clock;
}

export interface TooMany {
  readonly kind: 'too_many';
  /** At least 1. */
  readonly retryAfterSeconds: number;
}

/** Who tries. */
export interface Trying {
  /** As `networkOf` has it. */
  readonly network: string;
  /** Who it says that it is. Null: nobody of ours. */
  readonly name: string | null;
}

/** For room, in ms. What is under way has a timeout of its own of a second. */
const WAIT_MAX_MS = 1_000;

const tooMany = (afterMs: number): TooMany => ({
  kind: 'too_many',
  retryAfterSeconds: Math.max(1, Math.ceil(afterMs / 1_000)),
});

/**
 * What one address may ask of this process. A secret has 128 random bits and more, so this is not what keeps it from being guessed: it keeps
 * who tries from taking what others need. Of one process, as it protects that process.
 */
export class AddressLimits {
  readonly #requests = new SlidingWindows(REMEMBERED_MAX);
  readonly #requestsOfOne: readonly Window[];
  readonly #failures: Failures;
  readonly #failuresByName: Failures;

  constructor(private readonly options: AddressLimitOptions) {
    this.#requestsOfOne = perMinute(options.requestsPerMinute);
    this.#failures = new Failures(options.failuresPerMinute);
    this.#failuresByName = new Failures(options.failuresOfOnePerMinute);
  }

  /** Counts a request at the token endpoint. Null: it may go on. */
  request(network: string): TooMany | null {
    const { allowed, retryAfterMs } = this.#requests.consume(network, this.#requestsOfOne, 1, this.#nowMs());
    return allowed ? null : tooMany(retryAfterMs);
  }

  /**
   * Does what may fail, if one more may. Until it has ended it counts as if it had failed, or many at once would all be let in; where that leaves
   * no room it waits for another to end.
   * @throws what `work` throws; then nothing is counted
   */
  async attempt<Result>(
    { network, name }: Trying,
    work: () => Promise<Result>,
    hasFailed: (result: Result) => boolean,
  ): Promise<Result | TooMany> {
    const budgets = [this.#failures.of(network), this.#failuresByName.of(`${network} ${name}`)];
    const giveUpMs = performance.now() + WAIT_MAX_MS;
    for (let full = this.#full(budgets); full !== undefined; full = this.#full(budgets)) {
      const spentMs = full.spentMs(this.#nowMs());
      if (spentMs !== null) return tooMany(spentMs);
      if (performance.now() > giveUpMs) return tooMany(0);
      await full.oneEnds();
    }
    const attempt = work();
    const ends = budgets.map((budget) => budget.begin(attempt));
    let failed = false;
    try {
      const result = await attempt;
      failed = hasFailed(result);
      return result;
    } finally {
      for (const end of ends) end(failed, this.#nowMs());
    }
  }

  #full(budgets: readonly Budget[]): Budget | undefined {
    return budgets.find((budget) => !budget.hasRoom(this.#nowMs()));
  }

  readonly #nowMs = (): number => this.options.clock.now().getTime();
}
