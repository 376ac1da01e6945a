import type { FastifyInstance } from 'fastify';
import type { ReadinessRegistry } from './readiness';

/** `GET /healthz`: the process is alive. `GET /readyz`: it can do its work; 503 with the names of the parts that fail. */
export function addHealthRoutes(fastify: FastifyInstance, readiness: ReadinessRegistry): void {
  fastify.get('/healthz', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
  fastify.get('/readyz', async (_request, reply) => {
    const { ready, failing } = await readiness.read();
    return reply
      .header('cache-control', 'no-store')
      .code(ready ? 200 : 503)
      .send(ready ? { status: 'ready' } : { status: 'not_ready', failing });
  });
}
