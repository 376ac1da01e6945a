import { AppError } from './errors';
import { WaitingLines } from './waiting-lines';

export interface TurnsLimits {
  /** Jobs that run at once. */
  readonly atOnce: number;
  /** Jobs that wait besides. */
  readonly waitingMax: number;
}

interface Waiting {
  begin(): void;
  giveUp(error: AppError): void;
}

/** So many jobs at once; what comes then waits, in lines as `WaitingLines` has them: one who has much to do holds up nobody else. */
export class Turns {
  readonly #waiting: WaitingLines<Waiting>;
  #running = 0;
  #came = 0;

  constructor(private readonly limits: TurnsLimits) {
    this.#waiting = new WaitingLines(limits.waitingMax);
  }

  /**
   * @param asker on whose behalf, where askers are told from each other
   * @throws AppError `service.unavailable` when too many wait already; what `job` throws
   */
  async run<Result>(job: () => Promise<Result>, asker = ''): Promise<Result> {
    if (this.#running < this.limits.atOnce) this.#running += 1;
    else await this.#turn(asker);
    try {
      return await job();
    } finally {
      this.#handOver();
    }
  }

  #turn(asker: string): Promise<void> {
    return new Promise((begin, giveUp) => {
      const dropped = this.#waiting.add(asker, String((this.#came += 1)), { begin, giveUp });
      dropped?.giveUp(new AppError('service.unavailable', { internal: 'too many wait for their turn' }));
    });
  }

  /** A job's place goes to the next one that waits, without being free in between. */
  #handOver(): void {
    const [next] = this.#waiting.take(1);
    if (next === undefined) this.#running -= 1;
    else next[1].begin();
  }
}
