import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Clock } from '@latchkey/kernel';
import { LOGGER, type Logger } from '@latchkey/platform';
import type { SessionStore } from './application/session-ports';
import { CLOCK } from './surfaces/tokens';

export const SESSION_STORE = Symbol('SESSION_STORE');

const PRUNE_EVERY_MS = 3_600_000;
/** After its end what is cached of a session elsewhere must have gone too. */
const KEPT_MS = 86_400_000;

/** Forgets sessions a day after the latest moment at which they could have been used. Their events stay. */
@Injectable()
export class OldSessions implements OnApplicationBootstrap, OnModuleDestroy {
  #pruning: NodeJS.Timeout | undefined;

  constructor(
    @Inject(SESSION_STORE) private readonly sessions: Pick<SessionStore, 'prune'>,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#pruning = setInterval(() => void this.prune(), PRUNE_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.#pruning);
  }

  private async prune(): Promise<void> {
    const time = new Date(this.clock.now().getTime() - KEPT_MS);
    await this.sessions
      .prune(time)
      .catch((err: unknown) => this.logger.warn({ err }, 'old sessions were not forgotten'));
  }
}
