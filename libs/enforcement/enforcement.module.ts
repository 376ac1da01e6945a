import { Inject, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { CredentialResolver } from '@latchkey/contracts';
import { isLoopback, systemClock } from '@latchkey/kernel';
import type { LiveAccess } from '@latchkey/live-state';
import type { FastifyInstance } from 'fastify';
import { CredentialTable } from './adapters/credential-table';
import { nodeSha256 } from './adapters/node-sha256';
import type { Callers } from './application/callers';
import { CheckAccess } from './application/check-access';
import { CredentialDirectory } from './application/credential-directory';
import type { ActivityNotes, DecisionCounter, DecisionRecord, RefusalCounter } from './application/ports';
import { RefusedCallers } from './application/refused-callers';
import { TokenCallers } from './application/token-callers';
import { addCheckRoutes } from './surfaces/check.routes';
import { addForwardAuthRoute } from './surfaces/forward-auth/forward-auth.routes';
import { addAdmittedCaller } from './surfaces/http-callers';

/** 88 MB when full. */
const CREDENTIALS_REMEMBERED_MAX = 1_000_000;

export interface CheckAccessOptions {
  readonly liveAccess: LiveAccess;
  readonly resolver: CredentialResolver;
  readonly decisions: DecisionCounter;
  /** Absent: decisions are counted only. */
  readonly record?: DecisionRecord;
  /** Absent: sessions end as if nobody used them. */
  readonly activity?: ActivityNotes | undefined;
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

/** Service tokens that are remembered. A caller has one or two. */
const TOKENS_REMEMBERED_MAX = 10_000;
/** Strangers may show tokens too: what is asked about theirs must not take the place of what is asked for those who were admitted. */
const TOKEN_ASKS = { callsMax: 2, itemsPerCallMax: 100, waitingMax: 1_000 };

export interface CallersOptions extends Pick<CheckAccessOptions, 'liveAccess' | 'resolver' | 'record' | 'onError'> {
  readonly refusals: RefusalCounter;
  /** The address that the service listens on (`HOST`): who shows nothing may ask on a loopback one, and nowhere else. */
  readonly host: string;
}

/** Who may ask this process for checks, on every surface. */
export const createCallers = ({ host, resolver, refusals: counter, record, ...parts }: CallersOptions): Callers =>
  new TokenCallers(
    {
      ...parts,
      credentials: new CredentialDirectory(resolver, new CredentialTable(TOKENS_REMEMBERED_MAX), TOKEN_ASKS),
      sha256: nodeSha256,
      refusals: new RefusedCallers({ counter, record, clock: systemClock }),
    },
    isLoopback(host),
  );

export interface EnforcementOptions {
  readonly access: CheckAccess;
  readonly callers: Callers;
}

const CALLERS = Symbol('CALLERS');

/** Serves the check over HTTP. */
@Module({})
export class EnforcementModule implements OnModuleInit {
  constructor(
    @Inject(HttpAdapterHost) private readonly http: HttpAdapterHost,
    @Inject(CheckAccess) private readonly access: CheckAccess,
    @Inject(CALLERS) private readonly callers: Callers,
  ) {}

  static register({ access, callers }: EnforcementOptions): DynamicModule {
    return {
      module: EnforcementModule,
      providers: [
        { provide: CheckAccess, useValue: access },
        { provide: CALLERS, useValue: callers },
      ],
      exports: [CheckAccess],
    };
  }

  onModuleInit(): void {
    const fastify = this.http.httpAdapter.getInstance<FastifyInstance>();
    addAdmittedCaller(fastify);
    addCheckRoutes(fastify, this.access, this.callers);
    addForwardAuthRoute(fastify, this.access, this.callers);
  }
}
