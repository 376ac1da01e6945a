import {
  captchaIsWhole,
  captchaPolicy,
  captchaVariables,
  commonVariables,
  compose,
  ensureFirstWorkspace,
  guardOf,
  keepSignInRecord,
  logCalmly,
  mailVariables,
  openKafka,
  openSchema,
  ownerTls,
  type Resources,
  serviceConfig,
  signInVariables,
  smtpDelivery,
  sessionTimes,
  sessionVariables,
  startRedisOwner,
  storeVariables,
  withResources,
} from '@latchkey/composition';
import {
  Argon2Hasher,
  EnsureFirstWorkspaceHandler,
  grpcDirectory,
  grpcSessionActivity,
  IdentityModule,
  identityMigrations,
  noDelivery,
} from '@latchkey/identity';
import { GrpcOwnerClient, GrpcOwnerServer, PostgresSubjects } from '@latchkey/live-state';
import {
  asksInOneWay,
  createLogger,
  createMetrics,
  createService,
  CursorCodec,
  enforcementVariables,
  grpcChannelCredentials,
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
  GRPC_PORT: variables.GRPC_PORT,
  LATCHKEY_ISSUANCE_GRPC: variables.LATCHKEY_ISSUANCE_GRPC,
  REDIS_URL: variables.REDIS_URL,
  ...enforcementVariables,
  LATCHKEY_MASTER_KEY: variables.LATCHKEY_MASTER_KEY,
  ...signInVariables,
  ...captchaVariables,
  ...mailVariables,
  ...sessionVariables,
  LATCHKEY_PROFILE: variables.LATCHKEY_PROFILE,
  LATCHKEY_TENANT: variables.LATCHKEY_TENANT.optional(),
  LATCHKEY_ADMIN_EMAIL: variables.LATCHKEY_ADMIN_EMAIL,
  LATCHKEY_ADMIN_PASSWORD: variables.LATCHKEY_ADMIN_PASSWORD.optional(),
});

async function build(resources: Resources): Promise<Service> {
  const config = loadConfig(configSchema, process.env, [asksInOneWay, captchaIsWhole]);
  const logger = createLogger({ service: 'identity', level: config.LATCHKEY_LOG_LEVEL });
  const tls = openTls(config, logger);
  const dataSource = await openSchema(resources, {
    url: config.DATABASE_URL,
    schema: 'identity',
    migrations: identityMigrations,
    logger,
  });
  const delivery = smtpDelivery(config) ?? noDelivery;
  if (delivery === noDelivery)
    logger.warn('SMTP_URL is not given: nobody gets a mail, and who waits for one waits in vain');
  const metrics = createMetrics('identity');
  const subjects = new PostgresSubjects(dataSource);
  const settlement = startRedisOwner(resources, { owner: 'identity', redisUrl: config.REDIS_URL, dataSource, logger });
  const onError = logCalmly(logger, 'error', 'an ask could not be answered');
  const directory = IdentityModule.directory({ dataSource });
  const activity = IdentityModule.sessionActivity({ dataSource, subjects, sessionTimes: sessionTimes(config) });
  const publisher = openKafka(resources, 'identity', config, logger);
  const issuance = resources.keep(
    new GrpcOwnerClient({
      owner: 'issuance',
      addresses: config.LATCHKEY_ISSUANCE_GRPC,
      tls: tls && grpcChannelCredentials(tls),
    }),
    (client) => client.close(),
  );
  const service = await createService({
    name: 'identity',
    logger,
    metrics,
    config: serviceConfig(config, tls),
    module: compose(
      resources,
      guardOf(config, tls),
      IdentityModule.register({
        dataSource,
        subjects,
        // Of nobody else's subjects than scope sets does identity ask.
        reader: { read: (_owner, refs) => issuance.read(refs) },
        settlement,
        masterKey: config.LATCHKEY_MASTER_KEY,
        sessionTimes: sessionTimes(config),
        cursors: new CursorCodec(config.LATCHKEY_MASTER_KEY),
        hasher: resources.keep(new Argon2Hasher(), (hasher) => hasher.stop()),
        signIns: await keepSignInRecord(resources, config, { bus: publisher, logger, metrics }),
        captcha: captchaPolicy(config),
        delivery,
        keyEvents: publisher,
        publicUrl: config.PUBLIC_URL,
        ...{ metrics, logger },
        publisher,
        onRelayError: logCalmly(logger, 'warn', 'events could not be published'),
      }),
    ),
    listeners: [
      new GrpcOwnerServer({
        owner: 'identity',
        host: config.HOST,
        port: config.GRPC_PORT,
        tls: ownerTls(config.HOST, tls),
        subjects,
        also: [grpcDirectory(directory, onError), grpcSessionActivity(activity, onError)],
        onError,
      }),
    ],
  });
  await ensureFirstWorkspace(service.app.get(EnsureFirstWorkspaceHandler), config, logger);
  return service;
}

void runService('identity', () => withResources(build));
