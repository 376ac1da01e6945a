import { variables } from './variables';

/** Variables of a service that asks enforcement, to guard its routes. */
export const enforcementVariables = {
  LATCHKEY_ENFORCEMENT_GRPC: variables.LATCHKEY_ENFORCEMENT_GRPC.optional(),
  LATCHKEY_ENFORCEMENT_URLS: variables.LATCHKEY_ENFORCEMENT_URLS.optional(),
  TRUSTED_ORIGINS: variables.TRUSTED_ORIGINS,
  TENANT_DOMAIN: variables.TENANT_DOMAIN.optional(),
};

export interface EnforcementConfig {
  readonly LATCHKEY_ENFORCEMENT_GRPC?: readonly string[] | undefined;
  readonly LATCHKEY_ENFORCEMENT_URLS?: readonly string[] | undefined;
}

/** Rule of such a service. With both, nobody could tell which of them is meant. */
export function asksInOneWay(config: EnforcementConfig): string | undefined {
  const { LATCHKEY_ENFORCEMENT_GRPC: grpc, LATCHKEY_ENFORCEMENT_URLS: urls } = config;
  if (grpc && urls) return 'LATCHKEY_ENFORCEMENT_URLS: must be absent where LATCHKEY_ENFORCEMENT_GRPC is given.';
  if (!grpc && !urls) return 'LATCHKEY_ENFORCEMENT_GRPC: is required, or LATCHKEY_ENFORCEMENT_URLS in its place.';
  return undefined;
}
