import {
  accessTokenTerms,
  accessTokenVariables,
  commonVariables,
  compose,
  decisionVariables,
  kafkaVariables,
  logCalmly,
  openEnforcement,
  openKafka,
  type Resources,
  serviceConfig,
  withResources,
} from '@latchkey/composition';
import type { SubjectOwner } from '@latchkey/contracts';
import { GrpcSessionActivity } from '@latchkey/enforcement';
import { connectRedis, GrpcOwnerClient, RedisLiveAccess, RoutedSubjectReader } from '@latchkey/live-state';
import {
  createLogger,
  createMetrics,
  createService,
  grpcChannelCredentials,
  loadConfig,
  openTls,
  ReadinessRegistry,
  runService,
  variables,
  type Service,
} from '@latchkey/platform';
import { z } from 'zod';

const configSchema = z.object({
  ...commonVariables,
  ...decisionVariables,
  GRPC_PORT: variables.GRPC_PORT,
  REDIS_URL: variables.REDIS_URL,
  ...kafkaVariables,
  LATCHKEY_IDENTITY_GRPC: variables.LATCHKEY_IDENTITY_GRPC,
  LATCHKEY_ISSUANCE_GRPC: variables.LATCHKEY_ISSUANCE_GRPC,
  LATCHKEY_OAUTH_GRPC: variables.LATCHKEY_OAUTH_GRPC,
  ...accessTokenVariables,
  LATCHKEY_NODES_MAX: variables.LATCHKEY_NODES_MAX,
});

async function build(resources: Resources): Promise<Service> {
  const config = loadConfig(configSchema, process.env);
  const logger = createLogger({ service: 'enforcement', level: config.LATCHKEY_LOG_LEVEL });
  const tls = openTls(config, logger);
  const channel = tls && grpcChannelCredentials(tls);
  const metrics = createMetrics('enforcement');
  const readiness = new ReadinessRegistry();
  const owner = (name: SubjectOwner, addresses: readonly string[]) => {
    const client = resources.keep(new GrpcOwnerClient({ owner: name, addresses, tls: channel }), (open) =>
      open.close(),
    );
    readiness.add(name, () => client.ready());
    return client;
  };
  const issuance = owner('issuance', config.LATCHKEY_ISSUANCE_GRPC);
  const identity = owner('identity', config.LATCHKEY_IDENTITY_GRPC);
  const oauth = owner('oauth', config.LATCHKEY_OAUTH_GRPC);
  const owners = new RoutedSubjectReader({ issuance, identity, oauth });
  const redis = resources.keep(
    connectRedis(config.REDIS_URL.reveal(), undefined, logCalmly(logger, 'warn', 'Redis cannot be reached')),
    (open) => open.disconnect(),
  );
  const bus = openKafka(resources, 'enforcement', config, logger);
  const enforcement = await openEnforcement(resources, config, {
    ...{ bus, logger, metrics, tls },
    liveAccess: new RedisLiveAccess({ redis, owners, nodesMax: config.LATCHKEY_NODES_MAX }),
    resolver: issuance,
    accessTokens: { ...accessTokenTerms(config), owners },
    activity: resources.keep(new GrpcSessionActivity(config.LATCHKEY_IDENTITY_GRPC, channel), (open) => open.close()),
  });
  return createService({
    name: 'enforcement',
    logger,
    metrics,
    readiness,
    config: serviceConfig(config, tls),
    module: compose(resources, enforcement.module),
    listeners: [enforcement.listener],
  });
}

void runService('enforcement', () => withResources(build));
