import { readFileSync } from 'node:fs';
import { ConfigError, createLogger, runService, type Runnable } from '@latchkey/platform';
import { edgeConfig } from './config';
import { startEdge, type Edge } from './edge';

function edgeService(): Runnable {
  const config = edgeConfig(process.env);
  const authority = config.LATCHKEY_TLS_CA === undefined ? undefined : readAuthority(config.LATCHKEY_TLS_CA);
  let edge: Edge | undefined;
  return {
    logger: createLogger({ service: 'edge', level: config.LATCHKEY_LOG_LEVEL }),
    async start() {
      edge = await startEdge({
        routes: config.LATCHKEY_ROUTES,
        host: config.HOST,
        port: config.PORT,
        authority,
        trustedProxies: config.TRUSTED_PROXIES,
      });
      return { http: edge.url };
    },
    stop: async () => edge?.close(),
  };
}

/** @throws ConfigError */
function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ConfigError(['LATCHKEY_TLS_CA: the file cannot be read.']);
  }
}

void runService('edge', async () => edgeService());
