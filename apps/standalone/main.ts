import { mkdir } from 'node:fs/promises';
import { AssetsApiModule } from '@latchkey/assets-api';
import { AuditModule } from '@latchkey/audit';
import {
  compose,
  ensureFirstKey,
  ensureFirstWorkspace,
  keepDecisionRecord,
  logCalmly,
  type Resources,
  serviceConfig,
  withResources,
} from '@latchkey/composition';
import {
  createCallers,
  createCheckAccess,
  EnforcementModule,
  GrpcCheckServer,
  PromDecisionCounter,
} from '@latchkey/enforcement';
import { GuardModule } from '@latchkey/guard';
import { EnsureFirstWorkspaceHandler, IdentityModule } from '@latchkey/identity';
import { EnsureFirstKeyHandler, IssuanceModule, PostgresCredentials } from '@latchkey/issuance';
import type { Secret } from '@latchkey/kernel';
import { MemoryLiveState, PostgresSubjects, RoutedSubjectReader } from '@latchkey/live-state';
import {
  createLogger,
  createMetrics,
  createService,
  CursorCodec,
  grpcServerCredentials,
  openTls,
  runService,
  type Logger,
  type Service,
} from '@latchkey/platform';
import { standaloneConfig, type StandaloneConfig } from './config';
import { nextSteps } from './next-steps';
import { openStores, secretsOf } from './parts';

/** The application with everything in it, composed on the Postgres adapter of the bus and on live state in memory. */
async function compositionOf(resources: Resources, config: StandaloneConfig, logger: Logger): Promise<Service> {
  const tls = openTls(config, logger);
  const metrics = createMetrics('standalone');
  const { peppers, masterKey } = await secretsOf(config);
  const cursors = new CursorCodec(masterKey);
  const stores = await openStores(resources, config, logger);
  const { bus } = stores;

  const identity = new PostgresSubjects(stores.identity);
  const issuance = new PostgresSubjects(stores.issuance);
  const reader = new RoutedSubjectReader({ identity, issuance });
  const liveState = resources.keep(
    new MemoryLiveState({
      lease: stores.lease,
      owners: reader,
      dataSources: stores,
      onError: logCalmly(logger, 'warn', 'entries in memory were not renewed'),
    }),
    (running) => running.stop(),
  );
  liveState.start();
  const known = {
    liveAccess: liveState,
    resolver: new PostgresCredentials(stores.credentials, peppers),
    onError: logCalmly(logger, 'error', 'a check could not be decided'),
  };
  const access = createCheckAccess({
    ...known,
    decisions: new PromDecisionCounter(metrics),
    record: await keepDecisionRecord(resources, config, { bus, logger, metrics }),
  });
  const owner = {
    publisher: bus,
    onRelayError: logCalmly(logger, 'warn', 'events could not be published'),
  };
  const workspaces = { dataSource: stores.identity, subjects: identity };
  const callers = createCallers({ ...known, host: config.HOST });
  return createService({
    name: 'standalone',
    logger,
    metrics,
    config: serviceConfig(config, tls),
    module: compose(
      resources,
      GuardModule.forRoot({ client: access, trustedProxies: config.TRUSTED_PROXIES }),
      IdentityModule.register({ ...owner, ...workspaces }),
      IssuanceModule.register({
        ...owner,
        decisions: bus,
        dataSource: stores.issuance,
        subjects: issuance,
        settlement: liveState,
        directory: IdentityModule.directory(workspaces),
        reader,
        peppers,
        cursors,
      }),
      EnforcementModule.register({ access, callers }),
      AuditModule.register({
        dataSource: stores.audit,
        bus,
        cursors,
        masterKey,
        decisionsKeptDays: config.LATCHKEY_DECISIONS_KEPT_DAYS,
      }),
      { module: AssetsApiModule },
    ),
    listeners: [
      new GrpcCheckServer({
        access,
        callers,
        host: config.HOST,
        port: config.GRPC_PORT,
        tls: tls && grpcServerCredentials(tls, 'any'),
        onError: known.onError,
      }),
    ],
  });
}

async function main(): Promise<void> {
  let welcome: (url: string) => string = () => '';
  const { http = '' } = await runService('standalone', () =>
    withResources(async (resources) => {
      const config = standaloneConfig();
      const logger = createLogger({ service: 'standalone', level: config.LATCHKEY_LOG_LEVEL });
      await mkdir(config.LATCHKEY_DATA_DIR, { recursive: true });
      const service = await compositionOf(resources, config, logger);
      const { profile } = await ensureFirstWorkspace(service.app.get(EnsureFirstWorkspaceHandler), config, logger);
      let firstKey = '';
      await ensureFirstKey(service.app.get(EnsureFirstKeyHandler), config, {
        announce: (secret, file) => (firstKey = firstKeyLine(secret, file)),
        warn: (message) => logger.warn(message),
      });
      welcome = (url) => firstKey + nextSteps(url, profile, config);
      return service;
    }),
  );
  process.stdout.write(welcome(http));
}

/** A terminal forgets; a file that the output goes to is a log. */
const firstKeyLine = (secret: Secret, file: string): string =>
  `\nThe first admin key is kept in ${file}${process.stdout.isTTY ? `, and shown here once:\n\n  ${secret.reveal()}` : ''}\n`;

void main();
