import { Module, type DynamicModule } from '@nestjs/common';
import type { EventBus } from '@latchkey/event-bus';
import { systemClock, type Clock } from '@latchkey/kernel';
import { LOGGER, METRICS, type CursorCodec, type Logger, type MetricsRegistry } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import { PostgresAuditLog } from './adapters/postgres-audit-log';
import { PostgresAuditReader } from './adapters/postgres-audit-reader';
import { PromSourceGauges } from './adapters/prom-source-gauges';
import { GapWatch, type GapReport } from './application/gap-watch';
import { RecordMessages } from './application/record-messages';
import { AuditRecorder, EVENT_BUS, GAP_WATCH, RECORD_MESSAGES } from './audit-recorder';
import {
  AUDIT_CLOCK,
  AUDIT_CURSORS,
  AUDIT_READER,
  AuditEventsController,
} from './surfaces/canonical/audit-events.controller';

export interface AuditOptions {
  /** The audit's own schema, with `auditMigrations`. */
  readonly dataSource: DataSource;
  readonly bus: EventBus;
  readonly cursors: CursorCodec;
  readonly clock?: Clock;
  /** How long a gap in a source's positions may be open before it is reported, in ms. Default 10 s. */
  readonly gapPatienceMs?: number;
}

const reportTo = (logger: Logger): GapReport => ({
  opened: ({ source, first, last }, openForSeconds) =>
    logger.error({ source, first, last, openForSeconds }, 'positions are missing in the audit'),
  closed: ({ source, first, last }) =>
    logger.info({ source, first, last }, 'positions that were missing in the audit have arrived, some or all'),
});

/** Keeps every event of every service, and shows each workspace its own. */
@Module({})
export class AuditModule {
  static register({
    dataSource,
    bus,
    cursors,
    clock = systemClock,
    gapPatienceMs = 10_000,
  }: AuditOptions): DynamicModule {
    const reader = new PostgresAuditReader(dataSource);
    return {
      module: AuditModule,
      controllers: [AuditEventsController],
      providers: [
        AuditRecorder,
        { provide: EVENT_BUS, useValue: bus },
        { provide: RECORD_MESSAGES, useValue: new RecordMessages(new PostgresAuditLog(dataSource, clock)) },
        {
          provide: GAP_WATCH,
          inject: [LOGGER, METRICS],
          useFactory: (logger: Logger, metrics: MetricsRegistry) =>
            new GapWatch(reader, reportTo(logger), new PromSourceGauges(metrics), clock, gapPatienceMs),
        },
        { provide: AUDIT_READER, useValue: reader },
        { provide: AUDIT_CURSORS, useValue: cursors },
        { provide: AUDIT_CLOCK, useValue: clock },
      ],
    };
  }
}
