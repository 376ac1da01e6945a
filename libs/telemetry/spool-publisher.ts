import { setTimeout as delay } from 'node:timers/promises';
import type { Topic } from '@latchkey/contracts';
import type { EventBus } from '@latchkey/event-bus';
import type { RecordReport, Spool } from './ports';

/** Of one call of the bus. Events of one boot go to one partition, so they arrive as one batch there, and Kafka's default takes 1 MiB. */
const BYTES_MAX = 512 * 1_024;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

export interface SpoolPublisherParts {
  readonly spool: Spool;
  readonly topic: Topic;
  readonly bus: Pick<EventBus, 'publish'>;
  readonly report: Pick<RecordReport, 'notPublished'>;
}

/**
 * Hands what is in the spool to the bus, in order, and forgets it when the bus has it. At least once: after a crash in between, the same
 * numbers come again, by which readers know them.
 */
export class SpoolPublisher {
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #ring: (() => void) | undefined;

  constructor(private readonly parts: SpoolPublisherParts) {}

  start(): void {
    this.#running = this.#run();
  }

  /** Something is in the spool. */
  wake(): void {
    this.#ring?.();
  }

  /** Publishes what is there, unless the bus fails or `timeoutMs` pass: then the next boot does. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await Promise.race([this.#running, delay(timeoutMs, undefined, { ref: false })]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let retryMs = FIRST_RETRY_MS;
    for (;;) {
      if (this.parts.spool.waiting.events === 0) {
        if (signal.aborted) return;
        await new Promise<void>((resolve) => (this.#ring = resolve));
      } else if (await this.#publish()) {
        retryMs = FIRST_RETRY_MS;
      } else {
        if (signal.aborted) return;
        await delay(retryMs, undefined, { signal }).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
    }
  }

  async #publish(): Promise<boolean> {
    try {
      const { spool, bus, topic } = this.parts;
      const events = await spool.oldest(BYTES_MAX);
      await bus.publish(events.map(({ boot, bytes }) => ({ topic, key: boot, value: bytes })));
      await spool.remove(events);
      return true;
    } catch (error) {
      this.parts.report.notPublished(error);
      return false;
    }
  }
}
