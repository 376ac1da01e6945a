import type { ServiceConfig } from '@latchkey/platform';
import { tlsVariables, variables, type TlsFiles } from '@latchkey/platform';

/** Variables of every service of a cluster. */
export const commonVariables = {
  PORT: variables.PORT,
  HOST: variables.HOST,
  ADMIN_PORT: variables.ADMIN_PORT,
  ADMIN_HOST: variables.ADMIN_HOST,
  ...tlsVariables,
  TRUSTED_PROXIES: variables.TRUSTED_PROXIES,
  LATCHKEY_DRAIN_TIMEOUT_MS: variables.LATCHKEY_DRAIN_TIMEOUT_MS,
  LATCHKEY_LOG_LEVEL: variables.LATCHKEY_LOG_LEVEL,
};

interface CommonConfig {
  readonly PORT: number;
  readonly HOST: string;
  readonly ADMIN_PORT: number;
  readonly ADMIN_HOST: string;
  readonly TRUSTED_PROXIES: readonly string[];
  readonly LATCHKEY_DRAIN_TIMEOUT_MS: number;
}

export const serviceConfig = (config: CommonConfig, tls: TlsFiles | undefined): ServiceConfig => ({
  tls,
  host: config.HOST,
  port: config.PORT,
  adminHost: config.ADMIN_HOST,
  adminPort: config.ADMIN_PORT,
  trustedProxies: config.TRUSTED_PROXIES,
  drainTimeoutMs: config.LATCHKEY_DRAIN_TIMEOUT_MS,
});

/** Variables of a service that publishes or reads events. */
export const kafkaVariables = {
  KAFKA_BROKERS: variables.KAFKA_BROKERS,
  KAFKA_LOGIN: variables.KAFKA_LOGIN.optional(),
  LATCHKEY_TOPIC_PREFIX: variables.LATCHKEY_TOPIC_PREFIX.optional(),
};

/** Variables of one that keeps its own schema as well. */
export const storeVariables = { DATABASE_URL: variables.DATABASE_URL, ...kafkaVariables };
