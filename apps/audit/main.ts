import { AuditModule, auditMigrations } from '@latchkey/audit';
import {
  commonVariables,
  compose,
  guardOf,
  openKafka,
  openSchema,
  type Resources,
  serviceConfig,
  storeVariables,
  withResources,
} from '@latchkey/composition';
import {
  asksInOneWay,
  createLogger,
  createService,
  CursorCodec,
  enforcementVariables,
  loadConfig,
  openTls,
  runService,
  variables,
  type Service,
} from '@latchkey/platform';
import { z } from 'zod';

const configSchema = z.object({
  ...commonVariables,
  ...storeVariables,
  ...enforcementVariables,
  LATCHKEY_MASTER_KEY: variables.LATCHKEY_MASTER_KEY,
  LATCHKEY_DECISIONS_KEPT_DAYS: variables.LATCHKEY_DECISIONS_KEPT_DAYS,
  LATCHKEY_PARKED_KEPT_DAYS: variables.LATCHKEY_PARKED_KEPT_DAYS,
});

async function build(resources: Resources): Promise<Service> {
  const config = loadConfig(configSchema, process.env, [asksInOneWay]);
  const logger = createLogger({ service: 'audit', level: config.LATCHKEY_LOG_LEVEL });
  const tls = openTls(config, logger);
  const dataSource = await openSchema(resources, {
    url: config.DATABASE_URL,
    schema: 'audit',
    migrations: auditMigrations,
    logger,
  });
  const bus = openKafka(resources, 'audit', config, logger);
  return createService({
    name: 'audit',
    logger,
    config: serviceConfig(config, tls),
    module: compose(
      resources,
      guardOf(config, tls),
      AuditModule.register({
        dataSource,
        bus,
        cursors: new CursorCodec(config.LATCHKEY_MASTER_KEY),
        masterKey: config.LATCHKEY_MASTER_KEY,
        decisionsKeptDays: config.LATCHKEY_DECISIONS_KEPT_DAYS,
        parkedKeptDays: config.LATCHKEY_PARKED_KEPT_DAYS,
      }),
    ),
  });
}

void runService('audit', () => withResources(build));
