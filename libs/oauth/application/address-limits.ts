import { networkOf } from '@latchkey/access';
import type { Clock } from '@latchkey/kernel';
import { SlidingWindows, type Window } from '@latchkey/live-state';

export interface AddressLimitOptions {
  /** Requests at the token endpoint in any minute. */
  readonly requestsPerMinute: number;
  /** Failed authentications in any minute, at all endpoints. */
  readonly failuresPerMinute: number;
  readonly clock: Clock;
}

/** `retryAfterSeconds` at least 1. */
export type AddressVerdict =
  { readonly allowed: true } | { readonly allowed: false; readonly retryAfterSeconds: number };

const ALLOWED: AddressVerdict = { allowed: true };

const perMinute = (limit: number): readonly Window[] => [{ name: 'minute', limit, lengthMs: 60_000 }];

/**
 * What one address may ask of this process. A secret has 128 random bits and more, so this is not what keeps it from being guessed: it keeps
 * who tries from taking what others need. Of one process, as it protects that process.
 */
export class AddressLimits {
  readonly #windows = new SlidingWindows();
  readonly #requests: readonly Window[];
  readonly #failures: readonly Window[];

  constructor(private readonly options: AddressLimitOptions) {
    this.#requests = perMinute(options.requestsPerMinute);
    this.#failures = perMinute(options.failuresPerMinute);
  }

  /** Counts a request at the token endpoint. */
  request(ip: string | undefined): AddressVerdict {
    return this.#consume(`request ${networkOf(ip)}`, this.#requests, 1);
  }

  /** Counts a failed authentication. */
  failed(ip: string | undefined): void {
    this.#consume(`failure ${networkOf(ip)}`, this.#failures, 1);
  }

  /** Whether one more may fail. */
  mayFail(ip: string | undefined): AddressVerdict {
    const { remaining = 1, resetAtMs = 0 } = this.#look(`failure ${networkOf(ip)}`, this.#failures) ?? {};
    if (remaining > 0) return ALLOWED;
    return refused(resetAtMs - this.options.clock.now().getTime());
  }

  #consume(key: string, windows: readonly Window[], cost: number): AddressVerdict {
    const { allowed, retryAfterMs } = this.#windows.consume(key, windows, cost, this.options.clock.now().getTime());
    return allowed ? ALLOWED : refused(retryAfterMs);
  }

  #look(key: string, windows: readonly Window[]) {
    return this.#windows.consume(key, windows, 0, this.options.clock.now().getTime()).windows[0];
  }
}

const refused = (afterMs: number): AddressVerdict => ({
  allowed: false,
  retryAfterSeconds: Math.max(1, Math.ceil(afterMs / 1_000)),
});
