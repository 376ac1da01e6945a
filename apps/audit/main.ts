import { AuditModule, auditMigrations } from '@latchkey/audit';
import {
  commonVariables,
  compose,
  openKafka,
  openSchema,
  type Resources,
  serviceConfig,
  withResources,
} from '@latchkey/composition';
import { GuardModule, HttpCheckClient } from '@latchkey/guard';
import {
  createLogger,
  createService,
  CursorCodec,
  loadConfig,
  runService,
  variables,
  type Service,
} from '@latchkey/platform';
import { z } from 'zod';

const configSchema = z.object({
  ...commonVariables,
  DATABASE_URL: variables.DATABASE_URL,
  KAFKA_BROKERS: variables.KAFKA_BROKERS,
  LATCHKEY_TOPIC_PREFIX: variables.LATCHKEY_TOPIC_PREFIX.optional(),
  LATCHKEY_ENFORCEMENT_URLS: variables.LATCHKEY_ENFORCEMENT_URLS,
  LATCHKEY_MASTER_KEY: variables.LATCHKEY_MASTER_KEY,
});

async function build(resources: Resources): Promise<Service> {
  const config = loadConfig(configSchema, process.env);
  const logger = createLogger({ service: 'audit', level: config.LATCHKEY_LOG_LEVEL });
  const dataSource = await openSchema(resources, {
    url: config.DATABASE_URL,
    schema: 'audit',
    migrations: auditMigrations,
    logger,
  });
  const bus = openKafka(resources, {
    brokers: config.KAFKA_BROKERS,
    clientId: 'audit',
    prefix: config.LATCHKEY_TOPIC_PREFIX,
    logger,
  });
  return createService({
    name: 'audit',
    logger,
    config: serviceConfig(config),
    module: compose(
      resources,
      GuardModule.forRoot({
        client: new HttpCheckClient(config.LATCHKEY_ENFORCEMENT_URLS),
        trustedProxies: config.TRUSTED_PROXIES,
      }),
      AuditModule.register({ dataSource, bus, cursors: new CursorCodec(config.LATCHKEY_MASTER_KEY) }),
    ),
  });
}

void runService('audit', () => withResources(build));
