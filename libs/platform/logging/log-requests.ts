import { maskKeys } from '@latchkey/access';
import type { FastifyInstance } from 'fastify';

/**
 * One line per request, without query and body: credentials travel there (C4). One that was put into the path by mistake is masked.
 * Health, and the check that goes well, are asked too often to be news.
 */
export function logRequests(fastify: FastifyInstance): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const { url: route, config } = request.routeOptions;
    const isNews = config.hot === true ? reply.statusCode >= 400 : route !== '/healthz' && route !== '/readyz';
    if (isNews) {
      request.log.info(
        {
          request_id: request.id,
          method: request.method,
          path: maskKeys(request.url.split('?', 1)[0] ?? ''),
          route,
          status: reply.statusCode,
          duration_ms: Math.round(reply.elapsedTime * 10) / 10,
        },
        'request',
      );
    }
    done();
  });
}
