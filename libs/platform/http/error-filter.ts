import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { AppError, isAppError } from '@latchkey/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RouteTable } from './route-table';
import { errorReply, type ErrorReply } from './envelope';
import { isStillSending, lingering } from './lingering';
import { toAppError } from './to-app-error';

/** Answers with `error` in the envelope of the surface. An internal error is logged with its cause, and only there. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const appError = toAppError(error);
  const answer = errorReply(appError, request.url, request.id);
  const { status } = answer;
  if (status >= 500)
    request.log.error({ request_id: request.id, err: appError, code: appError.code }, 'request failed');
  // RFC 9110 §11.6.1: a 401 names a scheme.
  if (status === 401 && !reply.hasHeader('www-authenticate')) void reply.header('www-authenticate', 'Bearer');
  if (appError.retryAfterSeconds !== undefined) void reply.header('retry-after', String(appError.retryAfterSeconds));
  sendRefusal(answer, request, reply);
}

/** Also to a client that is still sending its body. A refusal is about this moment; nobody may keep it. */
export function sendRefusal(
  { status, contentType, body }: ErrorReply,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.header('cache-control', 'no-store').code(status).type(contentType);
  const text = JSON.stringify(body);
  if (!isStillSending(request.raw)) return void reply.send(text);
  void reply.header('content-length', Buffer.byteLength(text)).send(lingering(text, request.raw));
}

/** The one place where an exception of any layer becomes a reply. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly routes: RouteTable) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    sendError(this.refineNotFound(toAppError(error), request, reply), request, reply);
  }

  /** RFC 9110 §15.5.6: an address that exists with other methods answers 405 and names them. */
  private refineNotFound(error: AppError, request: FastifyRequest, reply: FastifyReply): AppError {
    if (!isAppError(error, 'route.not_found')) return error;
    const methods = this.routes.methodsAt(request.url);
    if (methods.length === 0 || methods.includes(request.method)) return error;
    void reply.header('allow', methods.join(', '));
    return new AppError('route.method_not_allowed');
  }
}
