import { checkBatchRequest, checkRequest } from '@latchkey/contracts';
import { hotRoute, parseInput } from '@latchkey/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CheckAccess } from '../application/check-access';

/**
 * Routes on the raw router, where no guard of Nest's runs: it would cost a third of the speed. Whoever adds one says here who may call it;
 * the test that every route is denied by default exempts this list and nothing else.
 */
export const HOT_ROUTES = [
  { method: 'POST', url: '/v1/check', callers: 'loopback' },
  { method: 'POST', url: '/v1/check/batch', callers: 'loopback' },
] as const;

/**
 * `POST /v1/check` and `POST /v1/check/batch` (design: interfaces). Their own 4xx mean a bad caller; what was decided on the credential is in
 * the body of a 200.
 */
export function addCheckRoutes(fastify: FastifyInstance, access: CheckAccess): void {
  const checkOne = async (request: FastifyRequest, reply: FastifyReply) => {
    const result = await access.check(parseInput(checkRequest, request.body, 'body'));
    return unkept(reply).send(result);
  };
  /** Results in the order of the checks; each is decided for itself. */
  const checkBatch = async (request: FastifyRequest, reply: FastifyReply) => {
    const { checks } = parseInput(checkBatchRequest, request.body, 'body');
    return unkept(reply).send({ results: await Promise.all(checks.map((check) => access.check(check))) });
  };
  fastify.post('/v1/check', hotRoute, checkOne);
  fastify.post('/v1/check/batch', hotRoute, checkBatch);
}

/** A decision is about this moment. */
const unkept = (reply: FastifyReply): FastifyReply => reply.header('cache-control', 'no-store');
