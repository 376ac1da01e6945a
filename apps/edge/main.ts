import { createLogger, runService, type Runnable } from '@latchkey/platform';
import { edgeConfig } from './config';
import { startEdge, type Edge } from './edge';

function edgeService(): Runnable {
  const config = edgeConfig(process.env);
  let edge: Edge | undefined;
  return {
    logger: createLogger({ service: 'edge', level: config.LATCHKEY_LOG_LEVEL }),
    async start() {
      edge = await startEdge({
        routes: config.LATCHKEY_ROUTES,
        host: config.HOST,
        port: config.PORT,
        trustedProxies: config.TRUSTED_PROXIES,
      });
      return { http: edge.url };
    },
    stop: async () => edge?.close(),
  };
}

void runService('edge', async () => edgeService());
