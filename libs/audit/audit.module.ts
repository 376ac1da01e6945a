import { Module, type DynamicModule } from '@nestjs/common';
import type { EventBus } from '@latchkey/event-bus';
import { systemClock, type Clock, type Secret } from '@latchkey/kernel';
import { LOGGER, METRICS, type CursorCodec, type Logger, type MetricsRegistry } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import { parkedPrunedReport } from './adapters/parked-pruned';
import { PostgresParkedMessages } from './adapters/parked-messages';
import { PostgresAuditLog } from './adapters/postgres-audit-log';
import { PostgresAuditReader } from './adapters/postgres-audit-reader';
import { PostgresDecisionLog } from './adapters/postgres-decision-log';
import { PostgresTelemetryReader } from './adapters/postgres-telemetry-reader';
import { PromSourceGauges } from './adapters/prom-source-gauges';
import { WorkspaceKeys } from './adapters/workspace-keys';
import { GapWatch, type GapReport } from './application/gap-watch';
import { RecordMessages } from './application/record-messages';
import { PruneDecisions } from './application/prune-decisions';
import { ReadTelemetryQuery } from './application/read-telemetry.query';
import { AuditRecorder, EVENT_BUS, GAP_WATCH, PRUNE_DECISIONS, RECORD_MESSAGES } from './audit-recorder';
import { AccessDecisionsController } from './surfaces/canonical/access-decisions.controller';
import {
  AUDIT_CLOCK,
  AUDIT_CURSORS,
  AUDIT_READER,
  AuditEventsController,
} from './surfaces/canonical/audit-events.controller';
import { SignInsController } from './surfaces/canonical/sign-ins.controller';
import { TelemetryPages } from './surfaces/canonical/telemetry-pages';
import { TokenRequestsController } from './surfaces/canonical/token-requests.controller';

export interface AuditOptions {
  /** The audit's own schema, with `auditMigrations`. */
  readonly dataSource: DataSource;
  readonly bus: EventBus;
  readonly cursors: CursorCodec;
  /** The installation's: what is kept of decisions is encrypted under keys that it wraps. */
  readonly masterKey: Secret;
  /** How long what nodes have told is kept, in days. Default 90. */
  readonly decisionsKeptDays?: number;
  /** How long messages of decisions are kept that could not be read, in days. Default 30. */
  readonly parkedKeptDays?: number;
  readonly clock?: Clock;
  /** How long a gap in a source's positions may be open before it is reported, in ms. Default 10 s. */
  readonly gapPatienceMs?: number;
}

const reportTo = (logger: Logger): GapReport => ({
  opened: ({ source, first, last }, openForSeconds) =>
    logger.error({ source, first, last, openForSeconds }, 'positions are missing in the audit'),
  fellSilent: (source, since) =>
    logger.error({ source, since }, 'a node is not heard of: what it last told may be lost'),
  silenceEnded: (source) => logger.info({ source }, 'a node that was not heard of is, or has been started anew'),
  closed: ({ source, first, last }) =>
    logger.info({ source, first, last }, 'positions that were missing in the audit have arrived, some or all'),
});

export const auditControllers = [
  AuditEventsController,
  AccessDecisionsController,
  SignInsController,
  TokenRequestsController,
];

/** Keeps every event of every service, and shows each workspace its own. */
@Module({})
export class AuditModule {
  static register({
    dataSource,
    bus,
    cursors,
    masterKey,
    decisionsKeptDays = 90,
    parkedKeptDays = 30,
    clock = systemClock,
    gapPatienceMs = 10_000,
  }: AuditOptions): DynamicModule {
    const keys = new WorkspaceKeys(masterKey);
    const decisions = new PostgresDecisionLog(dataSource, keys, clock);
    const telemetry = new ReadTelemetryQuery(new PostgresTelemetryReader(dataSource, keys));
    const parked = new PostgresParkedMessages(dataSource, masterKey, clock);
    const reader = new PostgresAuditReader(dataSource);
    return {
      module: AuditModule,
      controllers: auditControllers,
      providers: [
        AuditRecorder,
        { provide: EVENT_BUS, useValue: bus },
        {
          provide: RECORD_MESSAGES,
          useValue: new RecordMessages(new PostgresAuditLog(dataSource, clock), decisions, parked),
        },
        {
          provide: PRUNE_DECISIONS,
          inject: [LOGGER, METRICS],
          useFactory: (logger: Logger, metrics: MetricsRegistry) =>
            new PruneDecisions({
              ...{ decisions, parked, clock, decisionsKeptDays, parkedKeptDays },
              onParkedPruned: parkedPrunedReport(metrics, logger),
            }),
        },
        {
          provide: GAP_WATCH,
          inject: [LOGGER, METRICS],
          useFactory: (logger: Logger, metrics: MetricsRegistry) =>
            new GapWatch(reader, reportTo(logger), new PromSourceGauges(metrics), clock, gapPatienceMs),
        },
        { provide: TelemetryPages, useValue: new TelemetryPages(telemetry, cursors, clock, decisionsKeptDays) },
        { provide: AUDIT_READER, useValue: reader },
        { provide: AUDIT_CURSORS, useValue: cursors },
        { provide: AUDIT_CLOCK, useValue: clock },
      ],
    };
  }
}
