import type { EventEnvelope } from '@latchkey/contracts';
import type { RecordReport, Spool, SpooledEvent } from '../ports';

/** A spool whose disk can be full, or slow. */
export class MemorySpool implements Spool {
  readonly node = 'node';
  readonly boot = '01900000-0000-7000-8000-0000000000b0';
  readonly events: SpooledEvent[] = [];
  full = false;
  /** Writes wait for it. */
  gate: Promise<void> = Promise.resolve();

  get waiting() {
    return { events: this.events.length, bytes: this.events.reduce((sum, { bytes }) => sum + bytes.length, 0) };
  }

  /** What was written, parsed, in order. */
  get written(): EventEnvelope[] {
    return this.events.map(({ bytes }) => JSON.parse(bytes.toString()) as EventEnvelope);
  }

  async write(number: number, bytes: Buffer): Promise<void> {
    await this.gate;
    if (this.full) throw new Error('ENOSPC');
    this.events.push({ boot: this.boot, number, bytes });
  }

  oldest(bytesMax: number): Promise<readonly SpooledEvent[]> {
    let sum = 0;
    return Promise.resolve(
      this.events.filter(({ bytes }, place) => {
        sum += bytes.length;
        return place === 0 || sum <= bytesMax;
      }),
    );
  }

  remove(events: readonly SpooledEvent[]): Promise<void> {
    this.events.splice(0, events.length);
    return Promise.resolve();
  }
}

/** Counts what it is told. */
export class CountingReport implements RecordReport {
  readonly counts = { recorded: 0, dropped: 0, notWritten: 0, notPublished: 0 };

  recorded(entries: number): void {
    this.counts.recorded += entries;
  }

  dropped(entries: number): void {
    this.counts.dropped += entries;
  }

  notWritten(): void {
    this.counts.notWritten += 1;
  }

  notPublished(): void {
    this.counts.notPublished += 1;
  }
}
