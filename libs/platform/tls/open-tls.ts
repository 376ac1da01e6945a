import { isLoopback } from '@latchkey/kernel';
import { ConfigError } from '../config/load-config';
import { variables } from '../config/variables';
import type { Logger } from '../logging/logger';
import { TlsFiles } from './tls-files';

/** Variables of a service that listens. */
export const tlsVariables = {
  LATCHKEY_TLS_CERT: variables.LATCHKEY_TLS_CERT.optional(),
  LATCHKEY_TLS_KEY: variables.LATCHKEY_TLS_KEY.optional(),
  LATCHKEY_TLS_CA: variables.LATCHKEY_TLS_CA.optional(),
  LATCHKEY_ALLOW_PLAINTEXT: variables.LATCHKEY_ALLOW_PLAINTEXT,
};

export interface TlsConfig {
  readonly HOST: string;
  readonly LATCHKEY_TLS_CERT?: string | undefined;
  readonly LATCHKEY_TLS_KEY?: string | undefined;
  readonly LATCHKEY_TLS_CA?: string | undefined;
  readonly LATCHKEY_ALLOW_PLAINTEXT: 'true' | 'false';
}

/**
 * The TLS files of a service; undefined: it speaks plain text.
 * @throws ConfigError: a part is missing or cannot be used, or credentials would cross a network in plain text
 */
export function openTls(config: TlsConfig, logger: Logger): TlsFiles | undefined {
  const { LATCHKEY_TLS_CERT: cert, LATCHKEY_TLS_KEY: key, LATCHKEY_TLS_CA: ca } = config;
  if (cert !== undefined && key !== undefined && ca !== undefined) {
    const onError = (error: unknown) => logger.error({ err: error }, 'renewed TLS files cannot be used');
    return new TlsFiles({ cert, key, ca }, { onError });
  }
  const parts = { LATCHKEY_TLS_CERT: cert, LATCHKEY_TLS_KEY: key, LATCHKEY_TLS_CA: ca };
  const missing = Object.entries(parts).flatMap(([name, file]) => (file === undefined ? [name] : []));
  if (missing.length < Object.keys(parts).length)
    throw new ConfigError(missing.map((name) => `${name}: is required beside the other LATCHKEY_TLS_ variables.`));
  if (!isLoopback(config.HOST) && config.LATCHKEY_ALLOW_PLAINTEXT === 'false')
    throw new ConfigError([
      'HOST: another address than loopback needs LATCHKEY_TLS_CERT, LATCHKEY_TLS_KEY and LATCHKEY_TLS_CA, or LATCHKEY_ALLOW_PLAINTEXT=true where TLS ends at a proxy that alone reaches it.',
    ]);
  return undefined;
}
