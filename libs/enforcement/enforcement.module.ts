import { Inject, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { CredentialResolver } from '@latchkey/contracts';
import { isLoopback, systemClock } from '@latchkey/kernel';
import type { LiveAccess } from '@latchkey/live-state';
import { ConfigError } from '@latchkey/platform';
import type { FastifyInstance } from 'fastify';
import { CredentialTable } from './adapters/credential-table';
import { nodeSha256 } from './adapters/node-sha256';
import { CheckAccess } from './application/check-access';
import { CredentialDirectory } from './application/credential-directory';
import type { DecisionCounter, DecisionRecord } from './application/ports';
import { addCheckRoutes } from './surfaces/check.routes';

/** 88 MB when full. */
const CREDENTIALS_REMEMBERED_MAX = 1_000_000;

export interface CheckAccessOptions {
  readonly liveAccess: LiveAccess;
  readonly resolver: CredentialResolver;
  readonly decisions: DecisionCounter;
  /** Absent: decisions are counted only. */
  readonly record?: DecisionRecord;
  readonly onError: (error: unknown) => void;
}

/** The check of one process: its own guard and its routes share it, and with it what it remembers. */
export const createCheckAccess = ({ resolver, ...parts }: CheckAccessOptions): CheckAccess =>
  new CheckAccess({
    ...parts,
    credentials: new CredentialDirectory(resolver, new CredentialTable(CREDENTIALS_REMEMBERED_MAX)),
    sha256: nodeSha256,
    clock: systemClock,
  });

export interface EnforcementOptions {
  readonly access: CheckAccess;
  /** The address that the service listens on (`HOST`). */
  readonly host: string;
}

/** Serves the check over HTTP. */
@Module({})
export class EnforcementModule implements OnModuleInit {
  constructor(
    @Inject(HttpAdapterHost) private readonly http: HttpAdapterHost,
    @Inject(CheckAccess) private readonly access: CheckAccess,
  ) {}

  /**
   * @throws ConfigError when others than this machine could ask: whoever may ask can try credentials, and learns why one is refused, so beyond
   * loopback callers must have credentials of their own.
   */
  static register({ access, host }: EnforcementOptions): DynamicModule {
    if (!isLoopback(host)) {
      throw new ConfigError([
        'HOST: must be 127.0.0.1, ::1 or localhost, as callers of the check have no credentials of their own yet.',
      ]);
    }
    return {
      module: EnforcementModule,
      providers: [{ provide: CheckAccess, useValue: access }],
      exports: [CheckAccess],
    };
  }

  onModuleInit(): void {
    addCheckRoutes(this.http.httpAdapter.getInstance<FastifyInstance>(), this.access);
  }
}
