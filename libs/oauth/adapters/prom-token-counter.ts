import type { AccessTokenEntry } from '@latchkey/contracts';
import type { MetricsRegistry } from '@latchkey/platform';
import { Counter } from 'prom-client';
import type { TokenCounter } from '../application/token-record';

/** Counts tokens that were issued, and refusals. Its labels have a handful of values each, whatever clients send. */
export class PromTokenCounter implements TokenCounter {
  readonly #requests: Counter;
  readonly #unrecorded: Counter;

  constructor(registry: MetricsRegistry) {
    this.#requests = new Counter({
      name: 'oauth_requests_total',
      help: 'Access tokens that were issued, and clients that were refused, by endpoint and by what became of it.',
      labelNames: ['endpoint', 'outcome'],
      registers: [registry],
    });
    this.#unrecorded = new Counter({
      name: 'oauth_requests_unrecorded_total',
      help: 'Refusals of clients that are in no record, as too many came in one second.',
      registers: [registry],
    });
  }

  record({ endpoint, outcome }: AccessTokenEntry): void {
    this.#requests.inc({ endpoint, outcome });
  }

  unrecorded(): void {
    this.#unrecorded.inc();
  }
}
