import type { DynamicModule } from '@nestjs/common';
import { GrpcCheckClient, GuardModule, HttpCheckClient, type CheckClient } from '@latchkey/guard';
import { grpcChannelCredentials, type EnforcementConfig, type TlsFiles } from '@latchkey/platform';

export interface GuardConfig extends EnforcementConfig {
  readonly TRUSTED_PROXIES: readonly string[];
  readonly TRUSTED_ORIGINS: readonly string[];
  readonly TENANT_DOMAIN?: string | undefined;
}

/** The name in the certificates of all nodes. */
const NODES = 'enforcement';

/**
 * Guards a service's own admin routes by the nodes of enforcement, which know it by its certificate.
 * @param client where the service has one already; the guard closes it
 */
export const guardOf = (
  config: GuardConfig,
  tls: TlsFiles | undefined,
  client: CheckClient = checkClient(config, tls),
): DynamicModule =>
  GuardModule.forRoot({
    client,
    trustedProxies: config.TRUSTED_PROXIES,
    trustedOrigins: config.TRUSTED_ORIGINS,
    tenantDomain: config.TENANT_DOMAIN,
  });

export function checkClient(config: EnforcementConfig, tls: TlsFiles | undefined): CheckClient {
  const { LATCHKEY_ENFORCEMENT_GRPC: addresses, LATCHKEY_ENFORCEMENT_URLS: urls = [] } = config;
  if (addresses) return new GrpcCheckClient(addresses, { credentials: tls && grpcChannelCredentials(tls, NODES) });
  return new HttpCheckClient(urls, { serverName: tls && NODES, tls: tls && (() => tls.current) });
}
