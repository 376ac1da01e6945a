import type { DynamicModule } from '@nestjs/common';
import { GuardModule, HttpCheckClient } from '@latchkey/guard';
import type { TlsFiles } from '@latchkey/platform';

export interface GuardConfig {
  readonly LATCHKEY_ENFORCEMENT_URLS: readonly string[];
  readonly TRUSTED_PROXIES: readonly string[];
}

/** Guards a service's own admin routes by the nodes of enforcement, which know it by its certificate. */
export const guardOf = (config: GuardConfig, tls: TlsFiles | undefined): DynamicModule =>
  GuardModule.forRoot({
    client: new HttpCheckClient(config.LATCHKEY_ENFORCEMENT_URLS, {
      ...(tls && { tls: () => tls.current, serverName: 'enforcement' }),
    }),
    trustedProxies: config.TRUSTED_PROXIES,
  });
