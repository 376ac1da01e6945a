import path from 'node:path';
import { startDecisionRecord, type RunningRecord } from '@latchkey/enforcement';
import type { EventBus } from '@latchkey/event-bus';
import { variables, type Logger, type MetricsRegistry } from '@latchkey/platform';
import { logCalmly } from './calm';
import type { Resources } from './resources';

/** Variables of a process that keeps a record of its decisions. */
export const decisionVariables = {
  LATCHKEY_DATA_DIR: variables.LATCHKEY_DATA_DIR,
  LATCHKEY_DECISIONS_SPOOL_MB: variables.LATCHKEY_DECISIONS_SPOOL_MB,
  LATCHKEY_DECISIONS_HEARTBEAT_MS: variables.LATCHKEY_DECISIONS_HEARTBEAT_MS,
};

export interface DecisionRecordConfig {
  readonly LATCHKEY_DATA_DIR: string;
  readonly LATCHKEY_DECISIONS_SPOOL_MB: number;
  readonly LATCHKEY_DECISIONS_HEARTBEAT_MS: number;
  readonly LATCHKEY_DRAIN_TIMEOUT_MS: number;
}

export interface DecisionRecordParts {
  readonly bus: EventBus;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

const MEBIBYTE = 1_024 * 1_024;

/** The record of what this process decides, from now until it has stopped. */
export async function keepDecisionRecord(
  resources: Resources,
  config: DecisionRecordConfig,
  { bus, logger, metrics }: DecisionRecordParts,
): Promise<RunningRecord> {
  const dropped = logCalmly(logger, 'error', 'decisions were lost, as they could not be written');
  const record = await startDecisionRecord({
    folder: path.resolve(config.LATCHKEY_DATA_DIR, 'decisions'),
    bus,
    metrics,
    log: {
      onDropped: () => dropped(undefined),
      onNotWritten: logCalmly(logger, 'error', 'decisions could not be written, they wait in memory'),
      onNotPublished: logCalmly(logger, 'warn', 'decisions could not be published, they wait on disk'),
    },
    spoolBytesMax: config.LATCHKEY_DECISIONS_SPOOL_MB * MEBIBYTE,
    heartbeatMs: config.LATCHKEY_DECISIONS_HEARTBEAT_MS,
  });
  return resources.keep(record, (running) => running.stop(config.LATCHKEY_DRAIN_TIMEOUT_MS));
}
