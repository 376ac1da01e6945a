import { checkBatchRequest, checkRequest } from '@latchkey/contracts';
import { hotRoute, parseInput } from '@latchkey/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Callers } from '../application/callers';
import type { Asked } from './asked';
import { FORWARD_AUTH_METHODS, FORWARD_AUTH_URL } from './forward-auth/forward-auth.routes';
import { admitting, callerOf } from './http-callers';

/**
 * Routes on the raw router, where no guard of Nest's runs: it would cost a third of the speed. Whoever adds one says here who may call it;
 * the test that every route is denied by default exempts this list and nothing else. `admitted`: those that `Callers` admits, which on a
 * loopback address is everybody on the machine.
 */
export const HOT_ROUTES = [
  { method: 'POST', url: '/v1/check', callers: 'admitted' },
  { method: 'POST', url: '/v1/check/batch', callers: 'admitted' },
  ...FORWARD_AUTH_METHODS.map((method) => ({ method, url: FORWARD_AUTH_URL, callers: 'admitted' }) as const),
] as const;

/**
 * `POST /v1/check` and `POST /v1/check/batch` (design: interfaces). Their own 4xx mean a bad caller; what was decided on the credential is in
 * the body of a 200.
 */
export function addCheckRoutes(fastify: FastifyInstance, access: Asked, callers: Callers): void {
  const checkOne = async (request: FastifyRequest, reply: FastifyReply) => {
    const result = await access.checkFor(callerOf(request), parseInput(checkRequest, request.body, 'body'));
    return unkept(reply).send(result);
  };
  /** Results in the order of the checks; each is decided for itself. */
  const checkBatch = async (request: FastifyRequest, reply: FastifyReply) => {
    const { checks } = parseInput(checkBatchRequest, request.body, 'body');
    const caller = callerOf(request);
    return unkept(reply).send({ results: await Promise.all(checks.map((check) => access.checkFor(caller, check))) });
  };
  const options = { ...hotRoute, onRequest: admitting(callers) };
  fastify.post('/v1/check', options, checkOne);
  fastify.post('/v1/check/batch', options, checkBatch);
}

/** A decision is about this moment. */
const unkept = (reply: FastifyReply): FastifyReply => reply.header('cache-control', 'no-store');
