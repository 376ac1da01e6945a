import { Inject, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { CredentialResolver, SubjectReader } from '@latchkey/contracts';
import { isLoopback, systemClock } from '@latchkey/kernel';
import type { LiveAccess } from '@latchkey/live-state';
import type { FastifyInstance } from 'fastify';
import { CredentialTable } from './adapters/credential-table';
import { nodeSha256 } from './adapters/node-sha256';
import { readVerifyingKey } from './adapters/node-verifying-key';
import { AccessTokens, type AccessTokenTerms } from './application/access-tokens';
import type { Callers } from './application/callers';
import { CheckAccess } from './application/check-access';
import { CredentialDirectory } from './application/credential-directory';
import type { ActivityNotes, DecisionCounter, DecisionRecord, RefusalCounter } from './application/ports';
import { PresentedCredentials } from './application/presented-credentials';
import { RefusedCallers } from './application/refused-callers';
import { SigningKeys } from './application/signing-keys';
import { TokenCallers } from './application/token-callers';
import { addCheckRoutes } from './surfaces/check.routes';
import { addForwardAuthRoute } from './surfaces/forward-auth/forward-auth.routes';
import { addAdmittedCaller } from './surfaces/http-callers';

/** 88 MB when full. */
const CREDENTIALS_REMEMBERED_MAX = 1_000_000;
/** 50 MB when full. */
const ACCESS_TOKENS_REMEMBERED_MAX = 50_000;

export interface CheckAccessOptions {
  readonly liveAccess: LiveAccess;
  readonly resolver: CredentialResolver;
  /** Absent: access tokens are unknown. `owners`: who is asked for signing keys. */
  readonly accessTokens?: (AccessTokenTerms & { readonly owners: SubjectReader }) | undefined;
  readonly decisions: DecisionCounter;
  /** Absent: decisions are counted only. */
  readonly record?: DecisionRecord;
  /** Absent: sessions end as if nobody used them. */
  readonly activity?: ActivityNotes | undefined;
  readonly onError: (error: unknown) => void;
}

/** The check of one process: its own guard and its routes share it, and with it what it remembers. */
export const createCheckAccess = ({ resolver, accessTokens, ...parts }: CheckAccessOptions): CheckAccess =>
  new CheckAccess({
    ...parts,
    credentials: new PresentedCredentials({
      keys: new CredentialDirectory(resolver, new CredentialTable(CREDENTIALS_REMEMBERED_MAX)),
      accessTokens: accessTokens && accessTokensOf(accessTokens, ACCESS_TOKENS_REMEMBERED_MAX),
      sha256: nodeSha256,
    }),
    clock: systemClock,
  });

const accessTokensOf = (
  { owners, ...terms }: NonNullable<CheckAccessOptions['accessTokens']>,
  rememberedMax: number,
): AccessTokens => new AccessTokens(terms, new SigningKeys(owners, readVerifyingKey), rememberedMax);

/** Service tokens that are remembered. A caller has one or two. */
const TOKENS_REMEMBERED_MAX = 10_000;
/** Strangers may show tokens too: what is asked about theirs must not take the place of what is asked for those who were admitted. */
const TOKEN_ASKS = { callsMax: 2, itemsPerCallMax: 100, waitingMax: 1_000 };

type Shared = 'liveAccess' | 'resolver' | 'accessTokens' | 'record' | 'onError';

export interface CallersOptions extends Pick<CheckAccessOptions, Shared> {
  readonly refusals: RefusalCounter;
  /** The address that the service listens on (`HOST`): who shows nothing may ask on a loopback one, and nowhere else. */
  readonly host: string;
}

/** Who may ask this process for checks, on every surface. */
export function createCallers({
  host,
  resolver,
  accessTokens,
  refusals: counter,
  record,
  ...parts
}: CallersOptions): Callers {
  const credentials = new PresentedCredentials({
    keys: new CredentialDirectory(resolver, new CredentialTable(TOKENS_REMEMBERED_MAX), TOKEN_ASKS),
    accessTokens: accessTokens && accessTokensOf(accessTokens, TOKENS_REMEMBERED_MAX),
    sha256: nodeSha256,
  });
  const refusals = new RefusedCallers({ counter, record, clock: systemClock });
  return new TokenCallers({ ...parts, credentials, refusals }, isLoopback(host));
}

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
