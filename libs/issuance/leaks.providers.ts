import { Inject, Injectable, type OnModuleInit, type Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Clock } from '@latchkey/kernel';
import type { FastifyInstance } from 'fastify';
import type { DataSource } from 'typeorm';
import { PostgresLeaks } from './adapters/leaks/postgres-leaks';
import { PublishedKeys } from './adapters/leaks/published-keys';
import type { KeyReaches } from './application/key-reaches';
import type { ReporterSignatures } from './application/leaks/ports';
import { ReadLeaksQuery } from './application/leaks/read-leaks.query';
import { ReportLeaksHandler, type ReportLeaksParts } from './application/leaks/report-leaks.handler';
import { addGithubRoute } from './surfaces/leaks/github.routes';
import { SignatureLimits } from './surfaces/leaks/signature-limits';

const SIGNATURES = Symbol('LEAK_SIGNATURES');

/** Takes reports of leaks over HTTP, past Nest's own pipeline. */
@Injectable()
class LeakEndpoints implements OnModuleInit {
  constructor(
    private readonly http: HttpAdapterHost,
    private readonly handler: ReportLeaksHandler,
    private readonly limits: SignatureLimits,
    @Inject(SIGNATURES) private readonly signatures: ReporterSignatures | null,
  ) {}

  onModuleInit(): void {
    const { http, handler, limits, signatures } = this;
    addGithubRoute(http.httpAdapter.getInstance<FastifyInstance>(), { handler, limits, signatures });
  }
}

export interface LeakOptions {
  readonly dataSource: DataSource;
  readonly reaches: KeyReaches;
  readonly clock: Clock;
  /** Where who reports leaks publishes their keys; no report is taken when it is absent. */
  readonly leakKeysUrl: string | undefined;
}

/** Reports of keys that were found in public: taken from who scans for them, and read by whose keys they are. */
export function leakProviders(
  { dataSource, reaches, clock, leakKeysUrl: url }: LeakOptions,
  parts: Omit<ReportLeaksParts, 'leaks' | 'clock'>,
): readonly Provider[] {
  const leaks = new PostgresLeaks(dataSource);
  return [
    { provide: ReportLeaksHandler, useValue: new ReportLeaksHandler({ ...parts, leaks, clock }) },
    { provide: ReadLeaksQuery, useValue: new ReadLeaksQuery(leaks, reaches, clock) },
    { provide: SignatureLimits, useValue: new SignatureLimits(clock) },
    { provide: SIGNATURES, useValue: url === undefined ? null : new PublishedKeys({ url, clock }) },
    LeakEndpoints,
  ];
}
