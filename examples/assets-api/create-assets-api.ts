import { Module, type DynamicModule } from '@nestjs/common';
import { GrpcCheckClient, GuardModule, HttpCheckClient, type GuardModuleOptions } from '@latchkey/guard';
import {
  asksInOneWay,
  createLogger,
  createService,
  enforcementVariables,
  grpcChannelCredentials,
  loadConfig,
  openTls,
  tlsVariables,
  variables,
  type Service,
} from '@latchkey/platform';
import { z } from 'zod';
import { AssetsApiModule } from './assets-api.module';

export const NAME = 'assets-api';
/** The name in the certificates of enforcement's nodes. */
const NODES = 'enforcement';

const schema = z.object({
  PORT: variables.PORT,
  HOST: variables.HOST,
  TRUSTED_PROXIES: variables.TRUSTED_PROXIES,
  ...tlsVariables,
  ...enforcementVariables,
  LATCHKEY_LOG_LEVEL: variables.LATCHKEY_LOG_LEVEL,
});

@Module({})
class GuardedAssetsApi {
  static with(options: GuardModuleOptions): DynamicModule {
    return { module: GuardedAssetsApi, imports: [GuardModule.forRoot(options), AssetsApiModule] };
  }
}

/** The sample API as a program of its own, configured by `env`. @throws ConfigError */
export function createAssetsApi(env: Readonly<Record<string, string | undefined>>): Promise<Service> {
  const config = loadConfig(schema, env, [asksInOneWay]);
  const logger = createLogger({ service: NAME, level: config.LATCHKEY_LOG_LEVEL });
  const tls = openTls(config, logger);
  const { LATCHKEY_ENFORCEMENT_GRPC: addresses, LATCHKEY_ENFORCEMENT_URLS: urls = [] } = config;
  const client = addresses
    ? new GrpcCheckClient(addresses, { credentials: tls && grpcChannelCredentials(tls, NODES) })
    : new HttpCheckClient(urls, { serverName: tls && NODES, tls: tls && (() => tls.current) });
  return createService({
    name: NAME,
    logger,
    module: GuardedAssetsApi.with({
      client,
      trustedProxies: config.TRUSTED_PROXIES,
      trustedOrigins: config.TRUSTED_ORIGINS,
      tenantDomain: config.TENANT_DOMAIN,
    }),
    config: { host: config.HOST, port: config.PORT, trustedProxies: config.TRUSTED_PROXIES, tls },
  });
}
