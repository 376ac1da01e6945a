import {
  accessTokenRecordVariables,
  captchaIsWhole,
  captchaVariables,
  commonVariables,
  decisionVariables,
  mailVariables,
  sessionVariables,
  signInVariables,
  tokenEndpointVariables,
} from '@latchkey/composition';
import { loadConfig, variables } from '@latchkey/platform';
import { z } from 'zod';

const configSchema = z.object({
  ...commonVariables,
  GRPC_PORT: variables.GRPC_PORT,
  DATABASE_URL: variables.DATABASE_URL.optional(),
  ...decisionVariables,
  ...signInVariables,
  LATCHKEY_DECISIONS_KEPT_DAYS: variables.LATCHKEY_DECISIONS_KEPT_DAYS,
  LATCHKEY_PARKED_KEPT_DAYS: variables.LATCHKEY_PARKED_KEPT_DAYS,
  LATCHKEY_PROFILE: variables.LATCHKEY_PROFILE,
  LATCHKEY_TENANT: variables.LATCHKEY_TENANT.optional(),
  LATCHKEY_ADMIN_EMAIL: variables.LATCHKEY_ADMIN_EMAIL,
  LATCHKEY_ADMIN_PASSWORD: variables.LATCHKEY_ADMIN_PASSWORD.optional(),
  LATCHKEY_ADMIN_KEY: variables.LATCHKEY_ADMIN_KEY.optional(),
  LATCHKEY_ASSET_SOURCES: variables.LATCHKEY_ASSET_SOURCES,
  LATCHKEY_LEAK_KEYS_URL: variables.LATCHKEY_LEAK_KEYS_URL.optional(),
  LATCHKEY_PEPPER: variables.LATCHKEY_PEPPER.optional(),
  LATCHKEY_MASTER_KEY: variables.LATCHKEY_MASTER_KEY.optional(),
  ...captchaVariables,
  ...mailVariables,
  ...sessionVariables,
  ...tokenEndpointVariables,
  ...accessTokenRecordVariables,
  TRUSTED_ORIGINS: variables.TRUSTED_ORIGINS,
  TENANT_DOMAIN: variables.TENANT_DOMAIN.optional(),
});

export type StandaloneConfig = z.output<typeof configSchema>;

export const standaloneConfig = (): StandaloneConfig => loadConfig(configSchema, process.env, [captchaIsWhole]);
