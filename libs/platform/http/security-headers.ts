import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import helmet from 'helmet';

/** What helmet says by default. It is the same for every reply, so it is asked once. */
function headersOfHelmet(): Readonly<Record<string, string>> {
  const request = new IncomingMessage(new Socket());
  const reply = new ServerResponse(request);
  helmet()(request, reply, () => undefined);
  return Object.fromEntries(reply.getHeaderNames().map((name) => [name, String(reply.getHeader(name))]));
}

/** Headers that keep a browser from misreading a reply. Hot routes go without: no browser calls them. */
export function addSecurityHeaders(fastify: FastifyInstance): void {
  const headers = headersOfHelmet();
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.hot !== true) void reply.headers(headers);
    done();
  });
}
