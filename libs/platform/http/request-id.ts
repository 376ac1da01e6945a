import type { IncomingMessage } from 'node:http';
import { holdsKey } from '@latchkey/access';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { requestId, type RequestId } from '@latchkey/kernel';
import type { FastifyRequest } from 'fastify';
import { v4 } from 'uuid';

const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * The caller's `X-Request-ID` if it is a safe one (S2-14), else a new UUID. One that looks like a key is not safe: the id is logged, and
 * kept with every event.
 */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && REQUEST_ID.test(sent) && !holdsKey(sent) ? sent : v4();
}

/** The id of the request in hand: the one in its reply, in the log and in the events that it causes. */
export const CurrentRequestId = createParamDecorator<unknown, RequestId>((_, context: ExecutionContext) =>
  requestId(context.switchToHttp().getRequest<FastifyRequest>().id),
);
