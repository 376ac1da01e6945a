import { Gauge, type Registry } from 'prom-client';
import type { AuditSource, SourceGauges } from '../application/ports';

const missingOf = ({ gaps }: AuditSource): number =>
  gaps.reduce((missing, { first, last }) => missing + Number(BigInt(last) - BigInt(first)) + 1, 0);

/** What operators read about completeness: `latchkey_audit_*` on the admin port. */
export class PromSourceGauges implements SourceGauges {
  private readonly missing: Gauge<'source'>;
  private readonly last: Gauge<'source'>;
  private readonly silent: Gauge;
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
    this.silent = new Gauge({
      name: 'latchkey_audit_silent_nodes',
      help: 'Nodes of enforcement that are not heard of and have not said that they stop.',
      registers,
    });
    this.parked = new Gauge({
      name: 'latchkey_audit_parked_messages',
      help: 'Messages that were put aside, as they are no events or contradict the log.',
      registers,
    });
  }

  set(sources: readonly AuditSource[], silent: number, parkedMessages: number): void {
    this.missing.reset();
    this.last.reset();
    for (const source of sources.filter(isOfInterest)) {
      this.missing.set({ source: source.source }, missingOf(source));
      this.last.set({ source: source.source }, Number(source.lastPosition));
    }
    this.silent.set(silent);
    this.parked.set(parkedMessages);
  }
}

/** Every restart of a node is a source: those that have ended, and miss nothing, would only make the series more. */
const isOfInterest = ({ pulse, gaps }: AuditSource): boolean =>
  gaps.length > 0 || pulse === null || !(pulse.stopped || pulse.replaced);
