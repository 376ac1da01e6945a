import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy, type Provider } from '@nestjs/common';
import { TOPICS } from '@latchkey/contracts';
import { TopicReader, type EventBus } from '@latchkey/event-bus';
import type { Logger, MetricsRegistry } from '@latchkey/platform';
import type { Delivery } from './adapters/mail/delivery';
import { MailDispatch } from './adapters/mail/mail-dispatch';
import { PromMailReport } from './adapters/mail/prom-mail-report';
import { PostgresKeyNotices } from './adapters/postgres-key-notices';
import { SendKeyNotices } from './application/send-key-notices';
import { given, type IdentityParts } from './identity-parts';

export interface MailOptions {
  readonly delivery: Delivery;
  /** Where the events of keys come from, of which people are mailed. */
  readonly keyEvents: Pick<EventBus, 'subscribe'>;
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

/** Mails leave the outbox for as long as the application runs, those about keys among them. */
export const mailProviders = (parts: IdentityParts, options: MailOptions): readonly Provider[] => [
  given(MailDispatch, mailDispatch(parts, options)),
  MailSending,
  given(TopicReader, noticedKeys(parts, options.keyEvents)),
];

const mailDispatch = ({ outbox, clock }: IdentityParts, { delivery, metrics, logger }: MailOptions): MailDispatch =>
  new MailDispatch({ outbox, delivery, clock, report: new PromMailReport(metrics, logger, outbox) });

function noticedKeys(
  { dataSource, workspaces, mail, clock }: IdentityParts,
  bus: MailOptions['keyEvents'],
): TopicReader {
  const notices = new SendKeyNotices(new PostgresKeyNotices(dataSource), workspaces, mail, clock);
  const handle = notices.handle.bind(notices);
  return new TopicReader(bus, { group: 'identity-key-notices', topic: TOPICS.keys, handle });
}
