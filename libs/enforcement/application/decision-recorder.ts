import { decisionEnvelope, tableOf, type Decision, type DecisionEvent } from '@latchkey/contracts';
import type { Clock } from '@latchkey/kernel';
import type { DecisionRecord, DecisionSpool, RecordReport } from './ports';
import { bytesOf, presentable } from './recorded-decision';

export interface RecorderLimits {
  /** A node that has nothing to tell writes an empty batch this often, in ms. */
  readonly heartbeatMs: number;
  /** Of one batch. */
  readonly decisionsMax: number;
  /** Of one event. Kafka takes 1 MiB unless it is configured otherwise. */
  readonly bytesMax: number;
  /** Of decisions that wait in memory while nothing can be written; beyond it the newest batch is dropped. Everyday ones take 400 each. */
  readonly unwrittenBytesMax: number;
  /** Before what could not be written is tried again, in ms. */
  readonly retryMs: number;
}

export const RECORDER_LIMITS: RecorderLimits = {
  heartbeatMs: 10_000,
  decisionsMax: 2_000,
  bytesMax: 512 * 1_024,
  unwrittenBytesMax: 64 * 1_024 * 1_024,
  retryMs: 1_000,
};

export interface RecorderParts {
  readonly spool: DecisionSpool;
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
 * Gathers decisions in batches, numbers them, and forgets a batch only when it is on disk. A check does no more than push its decision:
 * encoding and writing have turns of their own, a batch at a time. While nothing can be written, closed batches wait in memory; beyond the
 * bound the newest is dropped. It takes a number all the same, so every reader sees the gap.
 */
export class DecisionRecorder implements DecisionRecord {
  #open: Decision[] = [];
  readonly #queue: Unwritten[] = [];
  #waitingBytes = 0;
  #next = 1;
  #dropped = 0;
  #lastClosedMs = 0;
  #writing: Promise<void> | undefined;
  #givenUp = false;

  constructor(private readonly parts: RecorderParts) {}

  /** The first event says that this boot has begun. */
  start(): void {
    const { clock, limits } = this.parts;
    const now = clock.now();
    this.#lastClosedMs = now.getTime();
    const data = { ...this.#node(), startedAt: now.toISOString(), heartbeatMs: limits.heartbeatMs };
    this.#enqueue({ bytes: 0, keep: () => this.#keep({ type: 'latchkey.node.started.v1', data }) });
  }

  record(decision: Decision): void {
    this.#open.push(decision);
    if (this.#open.length >= this.parts.limits.decisionsMax) this.#close();
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
    const decisions = this.#open;
    this.#open = [];
    this.#lastClosedMs = this.parts.clock.now().getTime();
    const bytes = decisions.reduce((sum, decision) => sum + bytesOf(decision), 0);
    if (this.#waitingBytes + bytes > this.parts.limits.unwrittenBytesMax) this.#drop(decisions.length);
    else this.#enqueue({ bytes, keep: () => this.#keepDecisions(presentable(decisions)) });
  }

  #drop(decisions: number): void {
    this.#next += 1;
    this.#dropped += decisions;
    this.parts.report.dropped(decisions);
  }

  #enqueue(unwritten: Unwritten): void {
    this.#queue.push(unwritten);
    this.#waitingBytes += unwritten.bytes;
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#queue[0]; next !== undefined && !this.#givenUp; next = this.#queue[0]) {
      // The checks of this turn of the event loop get their answers first.
      await new Promise((resolve) => setImmediate(resolve));
      await next.keep();
      this.#queue.shift();
      this.#waitingBytes -= next.bytes;
    }
  }

  /** One event, or several where the texts are so long that one would be too large. */
  async #keepDecisions(decisions: readonly Decision[]): Promise<void> {
    const table = tableOf(decisions, this.parts.clock.now().getTime());
    const data = { ...this.#node(), dropped: this.#dropped, decisions: table };
    const bytes = this.#encode({ type: 'latchkey.decisions.recorded.v1', data });
    if (bytes.length > this.parts.limits.bytesMax && decisions.length > 1) {
      const middle = Math.ceil(decisions.length / 2);
      await this.#keepDecisions(decisions.slice(0, middle));
      await this.#keepDecisions(decisions.slice(middle));
    } else {
      await this.#write(bytes);
      this.parts.report.recorded(decisions.length);
    }
  }

  async #keep(event: DecisionEvent): Promise<void> {
    await this.#write(this.#encode(event));
  }

  /** With the number that is next. */
  #encode(event: DecisionEvent): Buffer {
    return Buffer.from(JSON.stringify(decisionEnvelope(event, this.#next, this.parts.clock.now())));
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

  #stopped(): DecisionEvent {
    const data = { ...this.#node(), dropped: this.#dropped, stoppedAt: this.parts.clock.now().toISOString() };
    return { type: 'latchkey.node.stopped.v1', data };
  }
}
