import { AppError } from './errors';

export interface TurnsLimits {
  /** Jobs that run at once. */
  readonly atOnce: number;
  /** Jobs that wait besides. */
  readonly waitingMax: number;
}

/** So many jobs at once; what comes then waits, in the order in which it came. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(private readonly limits: TurnsLimits) {}

  /** @throws AppError `service.unavailable` when too many wait already; what `job` throws */
  async run<Result>(job: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.limits.atOnce) this.#running += 1;
    else await this.#turn();
    try {
      return await job();
    } finally {
      this.#handOver();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.limits.waitingMax) {
      throw new AppError('service.unavailable', { internal: 'too many wait for their turn' });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A job's place goes to the next one that waits, without being free in between. */
  #handOver(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
