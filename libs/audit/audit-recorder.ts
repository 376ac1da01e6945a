import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ALL_TOPICS } from '@latchkey/contracts';
import type { EventBus, Subscription } from '@latchkey/event-bus';
import { LOGGER, type Logger } from '@latchkey/platform';
import type { GapWatch } from './application/gap-watch';
import type { PruneDecisions } from './application/prune-decisions';
import type { RecordMessages } from './application/record-messages';

export const EVENT_BUS = Symbol('AUDIT_EVENT_BUS');
export const RECORD_MESSAGES = Symbol('AUDIT_RECORD_MESSAGES');
export const GAP_WATCH = Symbol('AUDIT_GAP_WATCH');
export const PRUNE_DECISIONS = Symbol('AUDIT_PRUNE_DECISIONS');

const LOOK_EVERY_MS = 5_000;
const PRUNE_EVERY_MS = 3_600_000;

/** Reads every topic from when the application has started until it stops. */
@Injectable()
export class AuditRecorder implements OnApplicationBootstrap, OnModuleDestroy {
  #subscription: Subscription | undefined;
  #looking: NodeJS.Timeout | undefined;
  #pruning: NodeJS.Timeout | undefined;

  constructor(
    @Inject(EVENT_BUS) private readonly bus: EventBus,
    @Inject(RECORD_MESSAGES) private readonly messages: RecordMessages,
    @Inject(GAP_WATCH) private readonly gaps: GapWatch,
    @Inject(PRUNE_DECISIONS) private readonly pruning: PruneDecisions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.#subscription = await this.bus.subscribe({
      group: 'audit',
      topics: ALL_TOPICS,
      handle: (message) => this.messages.handle(message),
      park: (message, reason) => this.messages.park(message, reason),
    });
    this.#looking = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
    this.#pruning = setInterval(() => void this.prune(), PRUNE_EVERY_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#looking);
    clearInterval(this.#pruning);
    await this.#subscription?.close();
  }

  private async look(): Promise<void> {
    await this.gaps.look().catch((err: unknown) => this.logger.warn({ err }, 'looking for gaps in the audit failed'));
  }

  private async prune(): Promise<void> {
    await this.pruning.execute().catch((err: unknown) => this.logger.warn({ err }, 'pruning decisions failed'));
  }
}
