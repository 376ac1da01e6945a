import type { EventBus } from '@latchkey/event-bus';
import { systemClock } from '@latchkey/kernel';
import { UuidV7Source, type MetricsRegistry } from '@latchkey/platform';
import { DecisionPublisher } from './adapters/decision-publisher';
import { FileSpool } from './adapters/file-spool';
import { PromRecordReport, type RecordLog } from './adapters/prom-record-report';
import { DecisionRecorder, RECORDER_LIMITS } from './application/decision-recorder';
import type { DecisionRecord } from './application/ports';

/** So old does an open batch become. What it holds is lost when the process is killed. */
const BATCH_MS = 1_000;

export interface DecisionRecordOptions {
  /** Where batches wait to be published: a folder of this node's own. */
  readonly folder: string;
  readonly bus: Pick<EventBus, 'publish'>;
  readonly metrics: MetricsRegistry;
  readonly log: RecordLog;
  /** Of everything that waits, in bytes. */
  readonly spoolBytesMax: number;
  /** A node that has nothing to tell says so this often, in ms. */
  readonly heartbeatMs: number;
}

export interface RunningRecord extends DecisionRecord {
  /** Writes what is in memory, then publishes what is on disk; each for at most `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

/**
 * The record of what this node decides, from now on. Neither a bus that is away nor a disk that is full keeps it from starting.
 * @throws Error when the folder cannot be used, or another process has it
 */
export async function startDecisionRecord(options: DecisionRecordOptions): Promise<RunningRecord> {
  const { folder, bus, metrics, log, spoolBytesMax: bytesMax, heartbeatMs } = options;
  const spool = await FileSpool.open({ folder, boot: new UuidV7Source().next(), bytesMax });
  const report = new PromRecordReport(metrics, spool, log);
  const publisher = new DecisionPublisher(spool, bus, report);
  const recorder = new DecisionRecorder({
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
    record: (decision) => recorder.record(decision),
    async stop(timeoutMs) {
      clearInterval(turns);
      await recorder.stop(timeoutMs);
      await publisher.stop(timeoutMs);
      await spool.close();
    },
  };
}
