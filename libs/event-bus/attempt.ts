import { PoisonMessageError, type BusLog, type DeliveredMessage, type SubscribeOptions } from './event-bus';

/**
 * One attempt at a message: handled, or parked if it is poison. `false` if neither worked: then it has to be tried again, and
 * nothing behind it in its partition may be read before that.
 */
export async function attempt(
  message: DeliveredMessage,
  subscription: SubscribeOptions,
  log: BusLog,
): Promise<boolean> {
  const { topic, partition, offset } = message;
  const at = { group: subscription.group, topic, partition, offset };
  try {
    await subscription.handle(message);
    return true;
  } catch (error) {
    if (!(error instanceof PoisonMessageError)) {
      log.warn({ ...at, err: error }, 'handling a message failed, it will be tried again');
      return false;
    }
    try {
      await subscription.park(message, error.message);
      log.error({ ...at, reason: error.message }, 'a message was parked');
      return true;
    } catch (failure) {
      log.error({ ...at, err: failure }, 'parking a message failed, it will be tried again');
      return false;
    }
  }
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;

/** How long each partition has to wait for the next attempt at the message that failed: 100 ms, doubled each time, at most 10 s. */
export class Backoff {
  readonly #failures = new Map<string, number>();

  /** @returns milliseconds */
  failed(place: string): number {
    const failures = (this.#failures.get(place) ?? 0) + 1;
    this.#failures.set(place, failures);
    return Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
  }

  succeeded(place: string): void {
    this.#failures.delete(place);
  }
}
