import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, type Logger } from '@latchkey/platform';
import { setTimeout as pause } from 'node:timers/promises';
import { KeyClock } from './application/clock/key-clock';

/** Between two ticks that have nothing left to do, in ms. */
export const CLOCK_EVERY_MS = Symbol('CLOCK_EVERY_MS');

/** Has the clock of keys tick from when the application has started until it stops. */
@Injectable()
export class KeyClockWorker implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stopping = new AbortController();
  #ticking: Promise<void> = Promise.resolve();

  constructor(
    private readonly clock: KeyClock,
    @Inject(CLOCK_EVERY_MS) private readonly everyMs: number,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#ticking = this.#tick();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    await this.#ticking;
  }

  async #tick(): Promise<void> {
    const { signal } = this.#stopping;
    let more = false;
    while (!signal.aborted) {
      if (!more) await pause(this.everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (!signal.aborted) more = await this.#tickOnce();
    }
  }

  async #tickOnce(): Promise<boolean> {
    try {
      return await this.clock.tick();
    } catch (err) {
      this.logger.warn({ err }, 'what time brings about for keys was not done, and is tried again');
      return false;
    }
  }
}
