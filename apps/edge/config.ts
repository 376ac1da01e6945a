import { loadConfig, variables, type Environment } from '@latchkey/platform';
import { z } from 'zod';
import { parseRoutes } from './routes';
import type { Route } from './routing';

const UNUSABLE = 'must be lines of a path and the http or https addresses that it is sent to.';

export const edgeSchema = z.object({
  PORT: variables.PORT,
  HOST: variables.HOST,
  TRUSTED_PROXIES: variables.TRUSTED_PROXIES,
  LATCHKEY_TLS_CA: variables.LATCHKEY_TLS_CA.optional(),
  LATCHKEY_LOG_LEVEL: variables.LATCHKEY_LOG_LEVEL,
  LATCHKEY_ROUTES: variables.LATCHKEY_ROUTES.transform((text, context): readonly Route[] => {
    const routes = parseRoutes(text);
    if (routes !== null) return routes;
    context.addIssue(UNUSABLE);
    return z.NEVER;
  }),
});

export type EdgeConfig = z.output<typeof edgeSchema>;

/** @throws ConfigError */
export const edgeConfig = (env: Environment): EdgeConfig => loadConfig(edgeSchema, env);
