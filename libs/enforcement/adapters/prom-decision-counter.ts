import { Counter, type Registry } from 'prom-client';
import type { DecisionCounter } from '../application/ports';

/** `latchkey_check_decisions_total` by outcome. Outcomes are a fixed list, so the series are few. */
export class PromDecisionCounter implements DecisionCounter {
  private readonly counter: Counter<'outcome'>;

  constructor(registry: Registry) {
    this.counter = new Counter({
      name: 'latchkey_check_decisions_total',
      help: 'Checks answered, by outcome: allowed, or the reason of the denial.',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  count(outcome: string): void {
    this.counter.inc({ outcome });
  }
}
