import { networkOf } from '@latchkey/access';
import type { Window } from '@latchkey/contracts';
import { AppError, type Clock } from '@latchkey/kernel';
import { SlidingWindows } from '@latchkey/live-state';

/** Messages with a wrong signature that one address may send in any minute. */
const FAILURES_PER_MINUTE = 30;
/** Addresses that are remembered: strangers have as many as they like. */
const ADDRESSES_MAX = 10_000;
const WINDOWS: readonly Window[] = [{ name: 'minute', limit: FAILURES_PER_MINUTE, lengthMs: 60_000 }];

/** Keeps who is not believed from having a process read bodies and look at signatures. Whose signature is right is never counted. */
export class SignatureLimits {
  readonly #windows = new SlidingWindows(ADDRESSES_MAX);

  constructor(private readonly clock: Clock) {}

  failed(ip: string | undefined): void {
    this.#consume(ip, 1);
  }

  /** @throws AppError `auth.rate_limited` */
  refuseWhoFailed(ip: string | undefined): void {
    const [minute] = this.#consume(ip, 0).windows;
    if (!minute || minute.remaining > 0) return;
    const afterMs = minute.resetAtMs - this.#nowMs();
    throw new AppError('auth.rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(afterMs / 1_000)) });
  }

  #consume(ip: string | undefined, cost: number) {
    return this.#windows.consume(networkOf(ip), WINDOWS, cost, this.#nowMs());
  }

  #nowMs(): number {
    return this.clock.now().getTime();
  }
}
