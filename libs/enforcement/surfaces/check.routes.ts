import { checkBatchRequest, checkRequest, checkResult } from '@latchkey/contracts';
import { hotRoute, parseInput, type DescribedRoute } from '@latchkey/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Callers } from '../application/callers';
import type { Asked } from './asked';
import { FORWARD_AUTH_ROUTES } from './forward-auth/forward-auth.routes';
import { admitting, callerOf, REFUSED_CALLERS } from './http-callers';

const JSON_TYPE = 'application/json';

/**
 * Routes on the raw router, where no guard of Nest's runs: it would cost a third of the speed. Whoever adds one says here who may call it;
 * the test that every route is denied by default exempts this list and nothing else. All are for those that `Callers` admits, which on a
 * loopback address is everybody on the machine.
 */
export const HOT_ROUTES: readonly DescribedRoute[] = [
  {
    method: 'POST',
    url: '/v1/check',
    callers: ['service_token'],
    summary: 'Whether a credential may pass',
    body: { type: JSON_TYPE, schema: checkRequest },
    answers: { 200: { type: JSON_TYPE, schema: checkResult } },
    refuses: REFUSED_CALLERS,
  },
  {
    method: 'POST',
    url: '/v1/check/batch',
    callers: ['service_token'],
    summary: 'Many checks at once',
    body: { type: JSON_TYPE, schema: checkBatchRequest },
    answers: { 200: { type: JSON_TYPE, schema: z.strictObject({ results: z.array(checkResult) }) } },
    refuses: REFUSED_CALLERS,
  },
  ...FORWARD_AUTH_ROUTES,
];

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
