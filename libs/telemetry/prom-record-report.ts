import { Counter, Gauge, type Registry } from 'prom-client';
import type { RecordReport, Spool } from './ports';

export interface RecordLog {
  readonly onDropped: (entries: number) => void;
  readonly onNotWritten: (error: unknown) => void;
  readonly onNotPublished: (error: unknown) => void;
}

/** `latchkey_<name>_*` on the admin port, and what belongs into the log. */
export class PromRecordReport implements RecordReport {
  private readonly recordedCount: Counter;
  private readonly droppedCount: Counter;

  constructor(
    registry: Registry,
    name: string,
    spool: Spool,
    private readonly log: RecordLog,
  ) {
    const registers = [registry];
    this.recordedCount = new Counter({
      name: `latchkey_${name}_recorded_total`,
      help: 'Entries of the record that are on disk, to be published.',
      registers,
    });
    this.droppedCount = new Counter({
      name: `latchkey_${name}_dropped_total`,
      help: 'Entries that were lost, as they could neither be written nor kept in memory.',
      registers,
    });
    const gauge = (what: string, help: string, value: () => number) =>
      new Gauge({
        name: `latchkey_${name}_${what}`,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    gauge('spooled_batches', 'Batches on disk that the bus does not have.', () => spool.waiting.events);
    gauge('spooled_bytes', 'Bytes of these batches.', () => spool.waiting.bytes);
  }

  recorded(entries: number): void {
    this.recordedCount.inc(entries);
  }

  dropped(entries: number): void {
    this.droppedCount.inc(entries);
    this.log.onDropped(entries);
  }

  notWritten(error: unknown): void {
    this.log.onNotWritten(error);
  }

  notPublished(error: unknown): void {
    this.log.onNotPublished(error);
  }
}
