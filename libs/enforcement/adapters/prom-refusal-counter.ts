import { Counter, type Registry } from 'prom-client';
import type { RefusalCounter } from '../application/ports';

/** `latchkey_check_callers_*` on the admin port. Reasons are a fixed list, so the series are few. */
export class PromRefusalCounter implements RefusalCounter {
  private readonly refusedCount: Counter<'reason'>;
  private readonly unrecordedCount: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.refusedCount = new Counter({
      name: 'latchkey_check_callers_refused_total',
      help: 'Calls to the check whose callers may not ask, by the reason.',
      labelNames: ['reason'],
      registers,
    });
    this.unrecordedCount = new Counter({
      name: 'latchkey_check_callers_unrecorded_total',
      help: 'Of these, calls that are not among the decisions, as there were too many in a second.',
      registers,
    });
  }

  refused(reason: string, calls: number): void {
    this.refusedCount.inc({ reason }, calls);
  }

  unrecorded(calls: number): void {
    this.unrecordedCount.inc(calls);
  }
}
