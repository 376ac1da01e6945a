import {
  createCallers,
  createCheckAccess,
  EnforcementModule,
  GrpcCheckServer,
  PromDecisionCounter,
  PromRefusalCounter,
  type CheckAccess,
  type CheckAccessOptions,
} from '@latchkey/enforcement';
import { grpcServerCredentials, type Listener, type TlsFiles } from '@latchkey/platform';
import type { SessionActivity } from '@latchkey/contracts';
import type { DynamicModule } from '@nestjs/common';
import { logCalmly } from './calm';

import type { Resources } from './resources';
import { keepDecisionRecord, type DecisionRecordConfig, type RecordParts } from './telemetry';
import { startSessionUses } from './sessions';

export interface EnforcementConfig extends DecisionRecordConfig {
  readonly HOST: string;
  readonly GRPC_PORT: number;
}

export interface EnforcementParts
  extends RecordParts, Pick<CheckAccessOptions, 'liveAccess' | 'resolver' | 'accessTokens'> {
  /** Who is told which sessions were used. */
  readonly activity: SessionActivity;
  readonly tls: TlsFiles | undefined;
}

export interface Enforcement {
  readonly access: CheckAccess;
  /** The check over HTTP. */
  readonly module: DynamicModule;
  /** The check over gRPC. */
  readonly listener: Listener;
}

/** The check of one process, on every surface, with the record of what it decides. */
export async function openEnforcement(
  resources: Resources,
  config: EnforcementConfig,
  { liveAccess, resolver, accessTokens, activity, tls, ...parts }: EnforcementParts,
): Promise<Enforcement> {
  const onError = logCalmly(parts.logger, 'error', 'a check could not be decided');
  const record = await keepDecisionRecord(resources, config, parts);
  const known = { liveAccess, resolver, accessTokens, record, onError };
  const access = createCheckAccess({
    ...known,
    decisions: new PromDecisionCounter(parts.metrics),
    activity: startSessionUses(resources, activity, parts.logger),
  });
  const callers = createCallers({ ...known, host: config.HOST, refusals: new PromRefusalCounter(parts.metrics) });
  const listener = new GrpcCheckServer({
    ...{ access, callers, onError },
    host: config.HOST,
    port: config.GRPC_PORT,
    tls: tls && grpcServerCredentials(tls, 'any'),
  });
  return { access, module: EnforcementModule.register({ access, callers }), listener };
}
