import { Gauge, type Registry } from 'prom-client';
import type { AuditSource, SourceGauges } from '../application/ports';

const missingOf = ({ gaps }: AuditSource): number =>
  gaps.reduce((missing, { first, last }) => missing + Number(BigInt(last) - BigInt(first)) + 1, 0);

/** What operators read about completeness: `latchkey_audit_*` on the admin port. */
export class PromSourceGauges implements SourceGauges {
  private readonly missing: Gauge<'source'>;
  private readonly last: Gauge<'source'>;
  private readonly parked: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.missing = new Gauge({
      name: 'latchkey_audit_missing_positions',
      help: 'Positions of a source below its last one that have not been recorded.',
      labelNames: ['source'],
      registers,
    });
    this.last = new Gauge({
      name: 'latchkey_audit_last_position',
      help: 'The highest position of a source that has been recorded.',
      labelNames: ['source'],
      registers,
    });
    this.parked = new Gauge({
      name: 'latchkey_audit_parked_messages',
      help: 'Messages that were put aside, as they are no events or contradict the log.',
      registers,
    });
  }

  set(sources: readonly AuditSource[], parkedMessages: number): void {
    for (const source of sources) {
      this.missing.set({ source: source.source }, missingOf(source));
      this.last.set({ source: source.source }, Number(source.lastPosition));
    }
    this.parked.set(parkedMessages);
  }
}
