import type { Logger, MetricsRegistry } from '@latchkey/platform';
import { Counter, Gauge } from 'prom-client';
import type { PostgresMailOutbox, TakenMail } from '../postgres-mail-outbox';
import type { MailReport } from './mail-dispatch';

/** Counts mails, and those that wait, and logs what does not reach anybody, without a word of what is in it or whom it is for. */
export class PromMailReport implements MailReport {
  readonly #mails: Counter;

  constructor(
    registry: MetricsRegistry,
    private readonly log: Pick<Logger, 'warn' | 'error'>,
    outbox: Pick<PostgresMailOutbox, 'waiting'>,
  ) {
    this.#mails = new Counter({
      name: 'mails_total',
      help: 'Tries to send mails, by what became of them.',
      labelNames: ['template', 'outcome'],
      registers: [registry],
    });
    this.#gaugeOf(registry, outbox);
  }

  /** Counted when somebody asks. Where they cannot be counted, that is no number, and the other metrics are told all the same. */
  #gaugeOf(registry: MetricsRegistry, outbox: Pick<PostgresMailOutbox, 'waiting'>): void {
    const gauge: Gauge = new Gauge({
      name: 'mails_waiting',
      help: 'Mails that are still to be sent, those that were put off included.',
      registers: [registry],
      collect: async () => {
        try {
          gauge.set(await outbox.waiting());
        } catch (error) {
          gauge.set(Number.NaN);
          this.failed(error);
        }
      },
    });
  }

  sent({ template }: TakenMail): void {
    this.#mails.inc({ template, outcome: 'sent' });
  }

  putOff({ mailId, template, attempt }: TakenMail, reason: string): void {
    this.#mails.inc({ template, outcome: 'put_off' });
    this.log.warn({ mail_id: mailId, template, attempt, reason }, 'a mail could not be sent, it is tried again');
  }

  givenUp({ mailId, template, attempt }: TakenMail, reason: string): void {
    this.#mails.inc({ template, outcome: 'given_up' });
    this.log.error({ mail_id: mailId, template, attempt, reason }, 'a mail was given up');
  }

  failed(err: unknown): void {
    this.log.error({ err }, 'mails could not be read or written');
  }
}
