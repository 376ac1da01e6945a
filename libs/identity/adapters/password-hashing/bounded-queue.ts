import { AppError } from '@latchkey/kernel';

export interface QueueBounds {
  /** Jobs that run at once. */
  readonly atOnce: number;
  /** Jobs that wait besides. One more is refused. */
  readonly waitingMax: number;
}

/** What a job is thought to take until one has shown it, in ms. */
const FIRST_GUESS_MS = 200;
/** How much the latest job weighs in the mean. */
const WEIGHT = 0.2;

/** Jobs in the order of their arrival, so many at once. Who is refused is told when there may be room. */
export class BoundedQueue {
  readonly #waiting = new Set<() => void>();
  #running = 0;
  #meanMs = FIRST_GUESS_MS;

  constructor(private readonly bounds: QueueBounds) {}

  get waiting(): number {
    return this.#waiting.size;
  }

  /** @throws AppError `service.unavailable` when there is no room; the signal's reason, when it came before the job's turn; what `job` throws */
  async run<Result>(job: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted();
    if (this.#running >= this.bounds.atOnce) await this.#turn(signal);
    else this.#running += 1;
    const startedAt = performance.now();
    try {
      return await job();
    } finally {
      this.#meanMs += WEIGHT * (performance.now() - startedAt - this.#meanMs);
      this.#handOver();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.bounds.waitingMax) throw this.#full();
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(begin);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.add(begin);
    });
  }

  /** A job's place goes to the one that waits longest, without being free in between. */
  #handOver(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  #full(): AppError {
    const untilEmptyMs = (this.#waiting.size * this.#meanMs) / this.bounds.atOnce;
    return new AppError('service.unavailable', {
      internal: `${this.#waiting.size} passwords wait to be hashed`,
      retryAfterSeconds: Math.max(1, Math.ceil(untilEmptyMs / 1_000)),
    });
  }
}
