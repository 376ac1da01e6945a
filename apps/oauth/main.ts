import {
  accessTokenRecordVariables,
  checkClient,
  commonVariables,
  compose,
  guardOf,
  keepAccessTokenRecord,
  logCalmly,
  openKafka,
  openSchema,
  ownerTls,
  type Resources,
  serviceConfig,
  startRedisOwner,
  storeVariables,
  tokenEndpoint,
  tokenEndpointVariables,
  withResources,
} from '@latchkey/composition';
import type { SubjectOwner } from '@latchkey/contracts';
import { Secret } from '@latchkey/kernel';
import {
  connectRedis,
  GrpcOwnerClient,
  GrpcOwnerServer,
  PostgresSubjects,
  RedisLiveAccess,
  RoutedSubjectReader,
} from '@latchkey/live-state';
import { OauthModule, oauthMigrations } from '@latchkey/oauth';
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
  LATCHKEY_ISSUANCE_GRPC: variables.LATCHKEY_ISSUANCE_GRPC,
  LATCHKEY_NODES_MAX: variables.LATCHKEY_NODES_MAX,
  ...enforcementVariables,
  LATCHKEY_PEPPER: variables.LATCHKEY_PEPPER,
  LATCHKEY_MASTER_KEY: variables.LATCHKEY_MASTER_KEY,
  ...tokenEndpointVariables,
  ...accessTokenRecordVariables,
});

async function build(resources: Resources): Promise<Service> {
  const config = loadConfig(configSchema, process.env, [asksInOneWay]);
  const logger = createLogger({ service: 'oauth', level: config.LATCHKEY_LOG_LEVEL });
  const tls = openTls(config, logger);
  const channel = tls && grpcChannelCredentials(tls);
  const dataSource = await openSchema(resources, {
    url: config.DATABASE_URL,
    schema: 'oauth',
    migrations: oauthMigrations,
    logger,
  });
  const subjects = new PostgresSubjects(dataSource);
  const neighbour = (owner: SubjectOwner, addresses: readonly string[]) =>
    resources.keep(new GrpcOwnerClient({ owner, addresses, tls: channel }), (open) => open.close());
  const reader = new RoutedSubjectReader({
    identity: neighbour('identity', config.LATCHKEY_IDENTITY_GRPC),
    issuance: neighbour('issuance', config.LATCHKEY_ISSUANCE_GRPC),
    oauth: subjects,
  });
  const redis = resources.keep(
    connectRedis(config.REDIS_URL.reveal(), undefined, logCalmly(logger, 'warn', 'Redis cannot be reached')),
    (open) => open.disconnect(),
  );
  const check = checkClient(config, tls);
  const metrics = createMetrics('oauth');
  const publisher = openKafka(resources, 'oauth', config, logger);
  return createService({
    name: 'oauth',
    logger,
    metrics,
    config: serviceConfig(config, tls),
    module: compose(
      resources,
      guardOf(config, tls, check),
      OauthModule.register({
        dataSource,
        subjects,
        settlement: startRedisOwner(resources, { owner: 'oauth', redisUrl: config.REDIS_URL, dataSource, logger }),
        reader,
        // Who asks for a token is decided on as who is checked, so that a suspended client gets none anywhere.
        liveAccess: new RedisLiveAccess({
          ...{ redis, owners: reader, nodesMax: config.LATCHKEY_NODES_MAX },
          // Of its own kind alone: it has no right to more.
          fills: ['client'],
        }),
        peppers: Peppers.parse(config.LATCHKEY_PEPPER.reveal(), (value) => new Secret(value)),
        cursors: new CursorCodec(config.LATCHKEY_MASTER_KEY),
        masterKey: config.LATCHKEY_MASTER_KEY,
        ...tokenEndpoint(config),
        introspection: check,
        accessTokens: await keepAccessTokenRecord(resources, config, { bus: publisher, logger, metrics }),
        ...{ metrics, publisher, recorded: publisher },
        onRelayError: logCalmly(logger, 'warn', 'events could not be published'),
      }),
    ),
    listeners: [
      new GrpcOwnerServer({
        owner: 'oauth',
        host: config.HOST,
        port: config.GRPC_PORT,
        tls: ownerTls(config.HOST, tls),
        subjects,
        onError: logCalmly(logger, 'error', 'an ask could not be answered'),
      }),
    ],
  });
}

void runService('oauth', () => withResources(build));
