import { nodeEnvelope, type NodeEvent } from '@latchkey/contracts';
import type { Clock } from '@latchkey/kernel';
import type { Entries, RecordReport, Spool, TelemetryKind } from './ports';

export interface RecorderLimits {
  /** A node that has nothing to tell writes an empty batch this often, in ms. */
  readonly heartbeatMs: number;
  /** Of one batch. */
  readonly entriesMax: number;
  /** Of one event. Kafka takes 1 MiB unless it is configured otherwise. */
  readonly bytesMax: number;
  /** Of entries that wait in memory while nothing can be written; beyond it the newest batch is dropped. Everyday decisions take 400 each. */
  readonly unwrittenBytesMax: number;
  /** Before what could not be written is tried again, in ms. */
  readonly retryMs: number;
}

export const RECORDER_LIMITS: RecorderLimits = {
  heartbeatMs: 10_000,
  entriesMax: 2_000,
  bytesMax: 512 * 1_024,
  unwrittenBytesMax: 64 * 1_024 * 1_024,
  retryMs: 1_000,
};

export interface RecorderParts {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly report: RecordReport;
  readonly limits: RecorderLimits;
  /** Told whenever something is on disk that was not. */
  readonly onWritten: () => void;
}

/** A batch that is closed, or an event of the node; what it takes in memory, and how it is kept. */
interface Unwritten {
  readonly bytes: number;
  keep(): Promise<void>;
}

/**
 * Gathers entries in batches, numbers them, and forgets a batch only when it is on disk. Whoever tells does no more than push an entry:
 * encoding and writing have turns of their own, a batch at a time. While nothing can be written, closed batches wait in memory; beyond the
 * bound the newest is dropped. It takes a number all the same, so every reader sees the gap.
 */
export class Recorder<Entry> implements Entries<Entry> {
  #open: Entry[] = [];
  readonly #queue: Unwritten[] = [];
  #waitingBytes = 0;
  #next = 1;
  #dropped = 0;
  #lastClosedMs = 0;
  #writing: Promise<void> | undefined;
  #givenUp = false;

  constructor(
    private readonly kind: TelemetryKind<Entry>,
    private readonly parts: RecorderParts,
  ) {}

  /** The first event says that this boot has begun. */
  start(): void {
    const { clock, limits } = this.parts;
    const now = clock.now();
    this.#lastClosedMs = now.getTime();
    const data = { ...this.#node(), startedAt: now.toISOString(), heartbeatMs: limits.heartbeatMs };
    this.#enqueue({ bytes: 0, keep: () => this.#keep({ type: 'latchkey.node.started.v1', data }) });
  }

  record(entry: Entry): void {
    this.#open.push(entry);
    if (this.#open.length >= this.parts.limits.entriesMax) this.#close();
  }

  /** To be called every second or so: closes the batch that is open, or an empty one when it is time for a heartbeat. */
  turn(): void {
    const silentMs = this.parts.clock.now().getTime() - this.#lastClosedMs;
    const heartbeatDue = silentMs >= this.parts.limits.heartbeatMs && this.#queue.length === 0;
    if (this.#open.length > 0 || heartbeatDue) this.#close();
  }

  /**
   * The last batch, and the last event, which says that nothing comes after it. Resolves when they are on disk, or when `timeoutMs` have
   * passed: then what is left in memory is lost, and that there is no last event shows it.
   */
  async stop(timeoutMs: number): Promise<void> {
    if (this.#open.length > 0) this.#close();
    this.#enqueue({ bytes: 0, keep: () => this.#keep(this.#stopped()) });
    const cut = setTimeout(() => (this.#givenUp = true), timeoutMs);
    await this.#writing;
    clearTimeout(cut);
  }

  #close(): void {
    const entries = this.#open;
    this.#open = [];
    this.#lastClosedMs = this.parts.clock.now().getTime();
    const bytes = entries.reduce((sum, entry) => sum + this.kind.bytesOf(entry), 0);
    if (this.#waitingBytes + bytes > this.parts.limits.unwrittenBytesMax) this.#drop(entries.length);
    else this.#enqueue({ bytes, keep: () => this.#keepBatch(this.kind.presentable(entries)) });
  }

  #drop(entries: number): void {
    this.#next += 1;
    this.#dropped += entries;
    this.parts.report.dropped(entries);
  }

  #enqueue(unwritten: Unwritten): void {
    this.#queue.push(unwritten);
    this.#waitingBytes += unwritten.bytes;
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#queue[0]; next !== undefined && !this.#givenUp; next = this.#queue[0]) {
      // What else is to be done in this turn of the event loop, such as answering checks, comes first.
      await new Promise((resolve) => setImmediate(resolve));
      await next.keep();
      this.#queue.shift();
      this.#waitingBytes -= next.bytes;
    }
  }

  /** One event, or several where the texts are so long that one would be too large. */
  async #keepBatch(entries: readonly Entry[]): Promise<void> {
    const node = { ...this.#node(), dropped: this.#dropped };
    const bytes = this.#encode(this.kind.batchOf(entries, node, this.parts.clock.now()));
    if (bytes.length > this.parts.limits.bytesMax && entries.length > 1) {
      const middle = Math.ceil(entries.length / 2);
      await this.#keepBatch(entries.slice(0, middle));
      await this.#keepBatch(entries.slice(middle));
    } else {
      await this.#write(bytes);
      this.parts.report.recorded(entries.length);
    }
  }

  async #keep(event: NodeEvent): Promise<void> {
    await this.#write(this.#encode(event));
  }

  /** With the number that is next. */
  #encode(event: NodeEvent): Buffer {
    return Buffer.from(JSON.stringify(nodeEnvelope(this.kind.source, event, this.#next, this.parts.clock.now())));
  }

  /** Takes the number that is next. Tries until it is on disk, or it is given up. */
  async #write(bytes: Buffer): Promise<void> {
    const { spool, report, limits, onWritten } = this.parts;
    const number = this.#next;
    this.#next += 1;
    while (!this.#givenUp) {
      try {
        await spool.write(number, bytes);
        return onWritten();
      } catch (error) {
        report.notWritten(error);
        await new Promise((resolve) => setTimeout(resolve, limits.retryMs));
      }
    }
  }

  #node() {
    const { node, boot } = this.parts.spool;
    return { node, boot };
  }

  #stopped(): NodeEvent {
    const data = { ...this.#node(), dropped: this.#dropped, stoppedAt: this.parts.clock.now().toISOString() };
    return { type: 'latchkey.node.stopped.v1', data };
  }
}
