import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { TOPICS } from '@latchkey/contracts';
import type { EventBus, Subscription } from '@latchkey/event-bus';
import { NoteUses } from './application/note-uses';

export const DECISIONS = Symbol('ISSUANCE_DECISIONS');

/** Reads the record of decisions from when the application has started until it stops. */
@Injectable()
export class KeyUseReader implements OnApplicationBootstrap, OnModuleDestroy {
  #subscription: Subscription | undefined;

  constructor(
    @Inject(DECISIONS) private readonly bus: Pick<EventBus, 'subscribe'>,
    private readonly uses: NoteUses,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.#subscription = await this.bus.subscribe({
      group: 'issuance-last-used',
      topics: [TOPICS.decisions],
      handle: (message) => this.uses.handle(message),
      // The audit puts it aside, as it reads the same; the bus logs that it was passed by.
      park: () => Promise.resolve(),
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.#subscription?.close();
  }
}
