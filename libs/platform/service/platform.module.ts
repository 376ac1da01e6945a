import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { ReadinessRegistry } from '../health/readiness';
import { ErrorFilter } from '../http/error-filter';
import { BeforeReply } from '../http/before-reply';
import type { RouteTable } from '../http/route-table';
import type { Logger } from '../logging/logger';
import type { MetricsRegistry } from '../metrics/metrics';

/** Injection tokens of what every service has; the readiness registry is injected by its class. */
export const LOGGER = Symbol('LOGGER');
export const METRICS = Symbol('METRICS');

export interface PlatformParts {
  readonly logger: Logger;
  readonly readiness: ReadinessRegistry;
  readonly metrics: MetricsRegistry;
  readonly routes: RouteTable;
}

/** Gives every module of a service its logger, metrics and readiness, and turns exceptions into replies. */
@Global()
@Module({})
export class PlatformModule {
  static forService({ logger, readiness, metrics, routes }: PlatformParts): DynamicModule {
    return {
      module: PlatformModule,
      providers: [
        { provide: LOGGER, useValue: logger },
        { provide: METRICS, useValue: metrics },
        { provide: ReadinessRegistry, useValue: readiness },
        { provide: APP_FILTER, useValue: new ErrorFilter(routes) },
        { provide: APP_INTERCEPTOR, useValue: new BeforeReply() },
      ],
      exports: [LOGGER, METRICS, ReadinessRegistry],
    };
  }
}
