import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy, type Provider } from '@nestjs/common';
import type { Logger, MetricsRegistry } from '@latchkey/platform';
import type { Delivery } from './adapters/mail/delivery';
import { MailDispatch } from './adapters/mail/mail-dispatch';
import { PromMailReport } from './adapters/mail/prom-mail-report';
import type { IdentityParts } from './identity-parts';

export interface MailOptions {
  readonly delivery: Delivery;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
}

@Injectable()
class MailSending implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(MailDispatch) private readonly dispatch: MailDispatch) {}

  onApplicationBootstrap(): void {
    this.dispatch.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.dispatch.stop();
  }
}

/** Mails leave the outbox for as long as the application runs. */
export const mailProviders = (
  { outbox, clock }: Pick<IdentityParts, 'outbox' | 'clock'>,
  { delivery, metrics, logger }: MailOptions,
): readonly Provider[] => [
  {
    provide: MailDispatch,
    useValue: new MailDispatch({ outbox, delivery, clock, report: new PromMailReport(metrics, logger, outbox) }),
  },
  MailSending,
];
