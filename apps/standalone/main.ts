import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { AuditModule, auditMigrations } from '@latchkey/audit';
import { createCheckAccess, EnforcementModule, PromDecisionCounter } from '@latchkey/enforcement';
import { GuardModule } from '@latchkey/guard';
import { EnsureFirstWorkspaceHandler, IdentityModule, identityMigrations } from '@latchkey/identity';
import {
  EnsureFirstKeyHandler,
  IssuanceModule,
  issuanceMigrations,
  Peppers,
  PostgresCredentials,
} from '@latchkey/issuance';
import { Secret } from '@latchkey/kernel';
import { ExclusiveLease, MemoryLiveState, PostgresSubjects, RoutedSubjectReader } from '@latchkey/live-state';
import {
  ConfigError,
  createLogger,
  createMetrics,
  createService,
  CursorCodec,
  loadConfig,
  runService,
  secretFromDataDir,
  variables,
  type Logger,
  type Service,
} from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { commonVariables, serviceConfig } from '../shared/cluster-config';
import { compose } from '../shared/compose';
import { ensureFirstKey } from '../shared/first-key';
import { openPostgresBus, openSchema } from '../shared/open';
import { withResources, type Resources } from '../shared/resources';
import { startEmbeddedPostgres } from './embedded-postgres';

const configSchema = z.object({
  ...commonVariables,
  DATABASE_URL: variables.DATABASE_URL.optional(),
  LATCHKEY_DATA_DIR: variables.LATCHKEY_DATA_DIR,
  LATCHKEY_PROFILE: variables.LATCHKEY_PROFILE,
  LATCHKEY_ADMIN_EMAIL: variables.LATCHKEY_ADMIN_EMAIL,
  LATCHKEY_ADMIN_KEY: variables.LATCHKEY_ADMIN_KEY.optional(),
  LATCHKEY_PEPPER: variables.LATCHKEY_PEPPER.optional(),
  LATCHKEY_MASTER_KEY: variables.LATCHKEY_MASTER_KEY.optional(),
});

type Config = z.output<typeof configSchema>;

async function databaseOf(resources: Resources, config: Config): Promise<Secret> {
  if (config.DATABASE_URL !== undefined) return config.DATABASE_URL;
  const password = await secretFromDataDir(config.LATCHKEY_DATA_DIR, 'postgres-password');
  const server = await startEmbeddedPostgres(path.resolve(config.LATCHKEY_DATA_DIR, 'postgres'), password);
  return resources.keep(server, (running) => running.stop()).url;
}

/** Live state in memory is right only while no other process changes what is in the database. */
async function takeExclusiveLease(resources: Resources, dataSource: DataSource, logger: Logger) {
  const lease = await ExclusiveLease.take({
    dataSource,
    onLost: (error) => {
      logger.fatal({ err: error }, 'the lock on the database is lost: another process may have it, so this one ends');
      process.exit(1);
    },
  });
  if (lease === null) throw new ConfigError(['DATABASE_URL: another standalone process uses this database.']);
  return resources.keep(lease, (held) => held.release());
}

async function build(resources: Resources): Promise<Service> {
  const config = loadConfig(configSchema, process.env);
  const dataDir = config.LATCHKEY_DATA_DIR;
  await mkdir(dataDir, { recursive: true });
  const logger = createLogger({ service: 'standalone', level: config.LATCHKEY_LOG_LEVEL });
  const metrics = createMetrics('standalone');
  const peppers = Peppers.parse(
    (config.LATCHKEY_PEPPER ?? (await secretFromDataDir(dataDir, 'pepper'))).reveal(),
    (value) => new Secret(value),
  );
  const cursors = new CursorCodec(config.LATCHKEY_MASTER_KEY ?? (await secretFromDataDir(dataDir, 'master-key')));

  const url = await databaseOf(resources, config);
  const identityData = await openSchema(resources, {
    url,
    schema: 'identity',
    migrations: identityMigrations,
    logger,
  });
  const issuanceData = await openSchema(resources, {
    url,
    schema: 'issuance',
    migrations: issuanceMigrations,
    logger,
  });
  const auditData = await openSchema(resources, { url, schema: 'audit', migrations: auditMigrations, logger });
  const bus = await openPostgresBus(resources, url, logger);
  const lease = await takeExclusiveLease(resources, identityData, logger);

  const identity = new PostgresSubjects(identityData);
  const issuance = new PostgresSubjects(issuanceData);
  const reader = new RoutedSubjectReader({ identity, issuance });
  const liveState = new MemoryLiveState({ lease, owners: reader });
  const access = createCheckAccess({
    liveAccess: liveState,
    resolver: new PostgresCredentials(issuanceData, peppers),
    decisions: new PromDecisionCounter(metrics),
    onError: (error) => logger.error({ err: error }, 'a check could not be decided'),
  });
  const onRelayError = (error: Error) => logger.warn({ err: error }, 'events could not be published');

  const service = await createService({
    name: 'standalone',
    logger,
    metrics,
    config: serviceConfig(config),
    module: compose(
      resources,
      GuardModule.forRoot({ client: access, trustedProxies: config.TRUSTED_PROXIES }),
      IdentityModule.register({ dataSource: identityData, subjects: identity, publisher: bus, onRelayError }),
      IssuanceModule.register({
        dataSource: issuanceData,
        subjects: issuance,
        settlement: liveState,
        directory: IdentityModule.directory({ dataSource: identityData, subjects: identity }),
        reader,
        peppers,
        cursors,
        publisher: bus,
        onRelayError,
      }),
      EnforcementModule.register({ access, host: config.HOST }),
      AuditModule.register({ dataSource: auditData, bus, cursors }),
    ),
  });
  await service.app
    .get(EnsureFirstWorkspaceHandler)
    .execute({ profile: config.LATCHKEY_PROFILE, adminEmail: config.LATCHKEY_ADMIN_EMAIL });
  await ensureFirstKey(service.app.get(EnsureFirstKeyHandler), config);
  return service;
}

void runService('standalone', () => withResources(build));
