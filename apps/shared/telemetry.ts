import path from 'node:path';
import { decisionTelemetry } from '@latchkey/enforcement';
import type { EventBus } from '@latchkey/event-bus';
import { signInTelemetry } from '@latchkey/identity';
import { accessTokenTelemetry } from '@latchkey/oauth';
import { UuidV7Source, variables, type Logger, type MetricsRegistry } from '@latchkey/platform';
import { startRecord, type RunningRecord, type TelemetryKind } from '@latchkey/telemetry';
import { logCalmly } from './calm';
import type { Resources } from './resources';

/** Variables of a process that keeps a record of its decisions. */
export const decisionVariables = {
  LATCHKEY_DATA_DIR: variables.LATCHKEY_DATA_DIR,
  LATCHKEY_DECISIONS_SPOOL_MB: variables.LATCHKEY_DECISIONS_SPOOL_MB,
  LATCHKEY_DECISIONS_HEARTBEAT_MS: variables.LATCHKEY_DECISIONS_HEARTBEAT_MS,
};

/** Variables of a process that keeps a record of who signs in. */
export const signInVariables = {
  LATCHKEY_DATA_DIR: variables.LATCHKEY_DATA_DIR,
  LATCHKEY_SIGN_INS_SPOOL_MB: variables.LATCHKEY_SIGN_INS_SPOOL_MB,
};

/** Variables of a process that keeps a record of the access tokens that it issues. */
export const accessTokenRecordVariables = {
  LATCHKEY_DATA_DIR: variables.LATCHKEY_DATA_DIR,
  LATCHKEY_ACCESS_TOKENS_SPOOL_MB: variables.LATCHKEY_ACCESS_TOKENS_SPOOL_MB,
};

interface RecordConfig {
  readonly LATCHKEY_DATA_DIR: string;
  readonly LATCHKEY_DRAIN_TIMEOUT_MS: number;
}

export interface DecisionRecordConfig extends RecordConfig {
  readonly LATCHKEY_DECISIONS_SPOOL_MB: number;
  readonly LATCHKEY_DECISIONS_HEARTBEAT_MS: number;
}

export interface SignInRecordConfig extends RecordConfig {
  readonly LATCHKEY_SIGN_INS_SPOOL_MB: number;
}

export interface AccessTokenRecordConfig extends RecordConfig {
  readonly LATCHKEY_ACCESS_TOKENS_SPOOL_MB: number;
}

export interface RecordParts {
  readonly bus: EventBus;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

const HEARTBEAT_MS = 10_000;

/** The record of what this process decides, from now until it has stopped. */
export const keepDecisionRecord = (resources: Resources, config: DecisionRecordConfig, parts: RecordParts) =>
  keep(resources, decisionTelemetry, config, {
    ...parts,
    folder: 'decisions',
    what: 'decisions',
    spoolMebibytes: config.LATCHKEY_DECISIONS_SPOOL_MB,
    heartbeatMs: config.LATCHKEY_DECISIONS_HEARTBEAT_MS,
  });

/** The record of who signs in at this process, or tries to. */
export const keepSignInRecord = (resources: Resources, config: SignInRecordConfig, parts: RecordParts) =>
  keep(resources, signInTelemetry, config, {
    ...parts,
    folder: 'sign-ins',
    what: 'attempts to sign in',
    spoolMebibytes: config.LATCHKEY_SIGN_INS_SPOOL_MB,
    heartbeatMs: HEARTBEAT_MS,
  });

/** The record of access tokens that this process issues, and of clients that it refuses. */
export const keepAccessTokenRecord = (resources: Resources, config: AccessTokenRecordConfig, parts: RecordParts) =>
  keep(resources, accessTokenTelemetry, config, {
    ...parts,
    folder: 'access-tokens',
    what: 'requests for access tokens',
    spoolMebibytes: config.LATCHKEY_ACCESS_TOKENS_SPOOL_MB,
    heartbeatMs: HEARTBEAT_MS,
  });

interface KeptRecord extends RecordParts {
  /** In the data directory. */
  readonly folder: string;
  /** For the log. */
  readonly what: string;
  readonly spoolMebibytes: number;
  readonly heartbeatMs: number;
}

const MEBIBYTE = 1_024 * 1_024;

async function keep<Entry>(
  resources: Resources,
  kind: TelemetryKind<Entry>,
  config: RecordConfig,
  { bus, logger, metrics, folder, what, spoolMebibytes, heartbeatMs }: KeptRecord,
): Promise<RunningRecord<Entry>> {
  const dropped = logCalmly(logger, 'error', `${what} were lost, as they could not be written`);
  const record = await startRecord(kind, {
    folder: path.resolve(config.LATCHKEY_DATA_DIR, folder),
    boot: new UuidV7Source().next(),
    bus,
    metrics,
    log: {
      onDropped: () => dropped(undefined),
      onNotWritten: logCalmly(logger, 'error', `${what} could not be written, they wait in memory`),
      onNotPublished: logCalmly(logger, 'warn', `${what} could not be published, they wait on disk`),
    },
    spoolBytesMax: spoolMebibytes * MEBIBYTE,
    heartbeatMs,
  });
  return resources.keep(record, (running) => running.stop(config.LATCHKEY_DRAIN_TIMEOUT_MS));
}
