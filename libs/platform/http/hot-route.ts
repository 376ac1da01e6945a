import type { RouteShorthandOptions } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly hot?: boolean;
  }
}

/**
 * Options of a route that other services ask on every call of theirs: it is called by no browser, and is logged when it fails only. What it
 * answers is recorded elsewhere.
 */
export const hotRoute = { config: { hot: true } } satisfies RouteShorthandOptions;
