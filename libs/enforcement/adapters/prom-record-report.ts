import { Counter, Gauge, type Registry } from 'prom-client';
import type { DecisionSpool, RecordReport } from '../application/ports';

export interface RecordLog {
  readonly onDropped: (decisions: number) => void;
  readonly onNotWritten: (error: unknown) => void;
  readonly onNotPublished: (error: unknown) => void;
}

/** `latchkey_decisions_*` on the admin port, and what belongs into the log. */
export class PromRecordReport implements RecordReport {
  private readonly recordedCount: Counter;
  private readonly droppedCount: Counter;

  constructor(
    registry: Registry,
    spool: DecisionSpool,
    private readonly log: RecordLog,
  ) {
    const registers = [registry];
    this.recordedCount = new Counter({
      name: 'latchkey_decisions_recorded_total',
      help: 'Decisions that are on disk, to be published.',
      registers,
    });
    this.droppedCount = new Counter({
      name: 'latchkey_decisions_dropped_total',
      help: 'Decisions that were lost, as they could neither be written nor kept in memory.',
      registers,
    });
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    gauge(
      'latchkey_decisions_spooled_batches',
      'Batches on disk that the bus does not have.',
      () => spool.waiting.events,
    );
    gauge('latchkey_decisions_spooled_bytes', 'Bytes of these batches.', () => spool.waiting.bytes);
  }

  recorded(decisions: number): void {
    this.recordedCount.inc(decisions);
  }

  dropped(decisions: number): void {
    this.droppedCount.inc(decisions);
    this.log.onDropped(decisions);
  }

  notWritten(error: unknown): void {
    this.log.onNotWritten(error);
  }

  notPublished(error: unknown): void {
    this.log.onNotPublished(error);
  }
}
