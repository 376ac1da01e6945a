import type { ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import {
  LogController,
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { v4 } from 'uuid';
import { sendError } from '../http/error-filter';
import { BODY_BYTES_MAX } from '../http/json-body';
import { requestIdOf } from '../http/request-id';
import { httpsOptions } from '../tls/https';
import type { TlsFiles } from '../tls/tls-files';
import type { Logger } from '../logging/logger';

/** A request must have arrived whole within this time, its headers too. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than the usual 60 s of a proxy in front, so that the proxy is the one that closes. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** Longer than any id or key; a longer one is an address that does not exist. */
const PARAM_LENGTH_MAX = 500;

/** What is broken before it is HTTP has no address yet, so the answer is in the default envelope. */
function refuseBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = v4();
  const timedOut = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const title = timedOut ? 'Request Timeout' : 'Bad Request';
  const status = timedOut ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const body = JSON.stringify({ type: 'about:blank', title, status, request_id: requestId });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json; charset=utf-8\r\n` +
      `X-Request-ID: ${requestId}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** How every service speaks HTTP. Addresses are compared exactly: a second spelling is a second way past a guard. */
export function fastifyOptions(logger: Logger, tls?: TlsFiles) {
  return {
    https: tls === undefined ? null : httpsOptions(tls),
    loggerInstance: logger,
    // Our own line leaves out what Fastify's would show: the query.
    logController: new LogController({ disableRequestLogging: true }),
    // Whatever logs a request names its id itself: a logger of its own for each would cost more than the line, which most never write.
    childLoggerFactory: (parent: FastifyBaseLogger) => parent,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    requestIdHeader: false,
    genReqId: requestIdOf,
    // `request.clientIp` says who calls, by our own rule.
    trustProxy: false,
    clientErrorHandler: refuseBrokenRequest,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      void reply.header('x-request-id', request.id);
      sendError(error, request, reply);
    },
    routerOptions: {
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
      maxParamLength: PARAM_LENGTH_MAX,
    },
    skipMiddie: true,
  } satisfies FastifyServerOptions & { skipMiddie: boolean; https: ServerOptions | null };
}
