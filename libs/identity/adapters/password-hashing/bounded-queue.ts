import { AppError, WaitingLines } from '@latchkey/kernel';
import type { HashingCaller } from '../../application/password-ports';

export interface QueueBounds {
  /** Jobs that run at once. */
  readonly atOnce: number;
  /** Jobs that wait besides. */
  readonly waitingMax: number;
}

/** A job that waits for its turn. */
interface Waiting {
  begin(this: void): void;
  refuse(this: void, error: AppError): void;
}

/** What a job is thought to take until one has shown it, in ms. */
const FIRST_GUESS_MS = 200;
/** How much the latest job weighs in the mean. */
const WEIGHT = 0.2;
/** The line of those who have no network: whom the operator has begun. */
const NO_NETWORK = '';

/**
 * So many jobs at once, and a bounded number that wait: one line for each network, served in turn, so that nobody's wait depends on how much
 * another network sends. When it is full, the longest line gives way to who has fewer waiting. Who is refused is told when there may be room.
 */
export class BoundedQueue {
  readonly #waiting: WaitingLines<Waiting>;
  #running = 0;
  #lastName = 0;
  #meanMs = FIRST_GUESS_MS;

  constructor(private readonly bounds: QueueBounds) {
    this.#waiting = new WaitingLines(bounds.waitingMax);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** @throws AppError `service.unavailable` when there is no room; the signal's reason, when it came before the job's turn; what `job` throws */
  async run<Result>(job: () => Promise<Result>, { network, signal }: HashingCaller = {}): Promise<Result> {
    signal?.throwIfAborted();
    if (this.#running >= this.bounds.atOnce) await this.#turn(network ?? NO_NETWORK, signal);
    else this.#running += 1;
    const startedAt = performance.now();
    try {
      return await job();
    } finally {
      this.#meanMs += WEIGHT * (performance.now() - startedAt - this.#meanMs);
      this.#handOver();
    }
  }

  #turn(network: string, signal: AbortSignal | undefined): Promise<void> {
    const name = String((this.#lastName += 1));
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.remove(network, name);
        reject(signal?.reason as Error);
      };
      const stay = () => signal?.removeEventListener('abort', leave);
      const waiting: Waiting = {
        begin: () => {
          stay();
          resolve();
        },
        refuse: (error) => {
          stay();
          reject(error);
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.add(network, name, waiting)?.refuse(this.#full());
    });
  }

  /** A job's place goes to the next one that waits, without being free in between. */
  #handOver(): void {
    const [next] = this.#waiting.take(1);
    if (next === undefined) this.#running -= 1;
    else next[1].begin();
  }

  #full(): AppError {
    const untilEmptyMs = (this.#waiting.size * this.#meanMs) / this.bounds.atOnce;
    return new AppError('service.unavailable', {
      internal: `${this.#waiting.size} passwords wait to be hashed`,
      retryAfterSeconds: Math.max(1, Math.ceil(untilEmptyMs / 1_000)),
    });
  }
}
