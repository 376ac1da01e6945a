import type { EventBus } from '@latchkey/event-bus';
import { systemClock } from '@latchkey/kernel';
import type { Registry } from 'prom-client';
import { FileSpool } from './file-spool';
import type { Entries, TelemetryKind } from './ports';
import { PromRecordReport, type RecordLog } from './prom-record-report';
import { Recorder, RECORDER_LIMITS } from './recorder';
import { SpoolPublisher } from './spool-publisher';

/** So old does an open batch become. What it holds is lost when the process is killed. */
const BATCH_MS = 1_000;

export interface RecordOptions {
  /** Where batches wait to be published: a folder of this process's own, for this kind alone. */
  readonly folder: string;
  /** UUIDv7 of this run of the process. */
  readonly boot: string;
  readonly bus: Pick<EventBus, 'publish'>;
  readonly metrics: Registry;
  readonly log: RecordLog;
  /** Of everything that waits, in bytes. */
  readonly spoolBytesMax: number;
  /** A node that has nothing to tell says so this often, in ms. */
  readonly heartbeatMs: number;
}

export interface RunningRecord<Entry> extends Entries<Entry> {
  /** Writes what is in memory, then publishes what is on disk; each for at most `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

/**
 * The record of one kind that this process keeps, from now on. Neither a bus that is away nor a disk that is full keeps it from starting.
 * @throws Error when the folder cannot be used, or another process has it
 */
export async function startRecord<Entry>(
  kind: TelemetryKind<Entry>,
  options: RecordOptions,
): Promise<RunningRecord<Entry>> {
  const { folder, boot, bus, metrics, log, spoolBytesMax: bytesMax, heartbeatMs } = options;
  const spool = await FileSpool.open({ folder, boot, bytesMax });
  const report = new PromRecordReport(metrics, kind.name, spool, log);
  const publisher = new SpoolPublisher({ spool, topic: kind.topic, bus, report });
  const recorder = new Recorder(kind, {
    spool,
    clock: systemClock,
    report,
    limits: { ...RECORDER_LIMITS, heartbeatMs },
    onWritten: () => publisher.wake(),
  });
  recorder.start();
  publisher.start();
  const turns = setInterval(() => recorder.turn(), BATCH_MS).unref();
  return {
    record: (entry) => recorder.record(entry),
    async stop(timeoutMs) {
      clearInterval(turns);
      await recorder.stop(timeoutMs);
      await publisher.stop(timeoutMs);
      await spool.close();
    },
  };
}
