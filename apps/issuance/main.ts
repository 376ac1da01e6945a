import {
  commonVariables,
  compose,
  ensureFirstKey,
  guardOf,
  logCalmly,
  openKafka,
  openSchema,
  ownerTls,
  type Resources,
  serviceConfig,
  startRedisOwner,
  storeVariables,
  whenAvailable,
  withResources,
} from '@latchkey/composition';
import type { SubjectOwner } from '@latchkey/contracts';
import {
  EnsureFirstKeyHandler,
  GrpcIdentityDirectory,
  IssuanceModule,
  issuanceMigrations,
  PostgresCredentials,
} from '@latchkey/issuance';
import { Secret } from '@latchkey/kernel';
import { GrpcOwnerClient, GrpcOwnerServer, PostgresSubjects, RoutedSubjectReader } from '@latchkey/live-state';
import {
  asksInOneWay,
  createLogger,
  createService,
  CursorCodec,
  grpcChannelCredentials,
  enforcementVariables,
  loadConfig,
  openTls,
  Peppers,
  runService,
  variables,
  type Service,
} from '@latchkey/platform';
import { z } from 'zod';

const configSchema = z.object({
  ...commonVariables,
  ...storeVariables,
  GRPC_PORT: variables.GRPC_PORT,
  REDIS_URL: variables.REDIS_URL,
  LATCHKEY_IDENTITY_GRPC: variables.LATCHKEY_IDENTITY_GRPC,
  LATCHKEY_OAUTH_GRPC: variables.LATCHKEY_OAUTH_GRPC,
  ...enforcementVariables,
  LATCHKEY_PEPPER: variables.LATCHKEY_PEPPER,
  LATCHKEY_MASTER_KEY: variables.LATCHKEY_MASTER_KEY,
  LATCHKEY_DATA_DIR: variables.LATCHKEY_DATA_DIR,
  LATCHKEY_ADMIN_KEY: variables.LATCHKEY_ADMIN_KEY.optional(),
  LATCHKEY_ASSET_SOURCES: variables.LATCHKEY_ASSET_SOURCES,
  LATCHKEY_LEAK_KEYS_URL: variables.LATCHKEY_LEAK_KEYS_URL.optional(),
});

async function build(resources: Resources): Promise<Service> {
  const config = loadConfig(configSchema, process.env, [asksInOneWay]);
  const logger = createLogger({ service: 'issuance', level: config.LATCHKEY_LOG_LEVEL });
  const tls = openTls(config, logger);
  const schema = { url: config.DATABASE_URL, schema: 'issuance', migrations: issuanceMigrations, logger };
  const dataSource = await openSchema(resources, schema);
  // A pool of their own for look-ups of secrets: a flood of unknown keys must not hold up a revoke.
  const credentialData = await openSchema(resources, schema);
  const subjects = new PostgresSubjects(dataSource);
  const peppers = Peppers.parse(config.LATCHKEY_PEPPER.reveal(), (value) => new Secret(value));
  const channel = tls && grpcChannelCredentials(tls);
  const neighbour = (owner: SubjectOwner, addresses: readonly string[]) =>
    resources.keep(new GrpcOwnerClient({ owner, addresses, tls: channel }), (client) => client.close());
  const bus = openKafka(resources, 'issuance', config, logger);
  const settlement = startRedisOwner(resources, { owner: 'issuance', redisUrl: config.REDIS_URL, dataSource, logger });
  const service = await createService({
    name: 'issuance',
    logger,
    config: serviceConfig(config, tls),
    module: compose(
      resources,
      guardOf(config, tls),
      IssuanceModule.register({
        dataSource,
        subjects,
        settlement,
        directory: resources.keep(new GrpcIdentityDirectory(config.LATCHKEY_IDENTITY_GRPC, channel), (client) =>
          client.close(),
        ),
        reader: new RoutedSubjectReader({
          identity: neighbour('identity', config.LATCHKEY_IDENTITY_GRPC),
          issuance: subjects,
          oauth: neighbour('oauth', config.LATCHKEY_OAUTH_GRPC),
        }),
        peppers,
        assetOrigins: config.LATCHKEY_ASSET_SOURCES,
        cursors: new CursorCodec(config.LATCHKEY_MASTER_KEY),
        publisher: bus,
        decisions: bus,
        leakKeysUrl: config.LATCHKEY_LEAK_KEYS_URL,
        onRelayError: logCalmly(logger, 'warn', 'events could not be published'),
      }),
    ),
    listeners: [
      new GrpcOwnerServer({
        owner: 'issuance',
        host: config.HOST,
        port: config.GRPC_PORT,
        tls: ownerTls(config.HOST, tls),
        subjects,
        credentials: new PostgresCredentials(credentialData, peppers),
        onError: logCalmly(logger, 'error', 'an ask could not be answered'),
      }),
    ],
  });
  const firstKey = service.app.get(EnsureFirstKeyHandler);
  // What a service prints is a log, so it says where the key is and not what it is.
  await whenAvailable(() =>
    ensureFirstKey(firstKey, config, {
      announce: (_secret, file) => logger.info({ file }, 'the first admin key was made'),
      warn: (message) => logger.warn(message),
    }),
  );
  return service;
}

void runService('issuance', () => withResources(build));
