import type { DynamicModule } from '@nestjs/common';
import { GuardModule, HttpCheckClient } from '@latchkey/guard';

export interface GuardConfig {
  readonly LATCHKEY_ENFORCEMENT_URLS: readonly string[];
  readonly TRUSTED_PROXIES: readonly string[];
}

/** Guards a service's own admin routes by the nodes of enforcement. */
export const guardOf = (config: GuardConfig): DynamicModule =>
  GuardModule.forRoot({
    client: new HttpCheckClient(config.LATCHKEY_ENFORCEMENT_URLS),
    trustedProxies: config.TRUSTED_PROXIES,
  });
