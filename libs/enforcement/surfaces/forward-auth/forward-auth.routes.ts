import { checkRequest, type CheckRequest } from '@latchkey/contracts';
import { denialOf } from '@latchkey/guard';
import type { AppError, ErrorCode } from '@latchkey/kernel';
import { hotRoute, HTTP_STATUS, parseInput, sendError, toAppError, type DescribedRoute } from '@latchkey/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Callers } from '../../application/callers';
import type { Asked } from '../asked';
import { admitting, callerOf } from '../http-callers';
import { forwardAuthQuery, type ForwardAuthQuery } from './forward-auth.query';
import { forwardedCall } from './forwarded-call';
import { principalHeaders } from './principal-headers';

export const FORWARD_AUTH_URL = '/v1/forward-auth';
/** Proxies ask with GET, or with the method of the call. */
const FORWARD_AUTH_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** As a check, and what a proxy's configuration or the call may have wrong. */
const REFUSES = [
  'request.invalid',
  'request.multiple_credentials',
  'auth.unauthorized',
  'auth.caller_unauthorized',
  'auth.token_expired',
  'auth.forbidden',
  'auth.mfa_required',
  'auth.cross_site',
  'auth.rate_limited',
  'auth.unavailable',
] as const satisfies readonly ErrorCode[];

export const FORWARD_AUTH_ROUTES: readonly DescribedRoute[] = FORWARD_AUTH_METHODS.map((method) => ({
  method,
  url: FORWARD_AUTH_URL,
  callers: ['proxy_token'],
  summary: 'Whether a proxy may pass a call on',
  query: forwardAuthQuery,
  answers: { 200: null },
  refuses: REFUSES,
  bare: true,
}));

/** In `Authorization` is the credential of the call. */
const TOKEN_HEADER = 'x-latchkey-token';

/**
 * `/v1/forward-auth` (design: interfaces): a proxy asks with the headers of a call that it holds back, and passes the call on if the answer
 * is 200. Everything else is the answer that the call gets.
 */
export function addForwardAuthRoute(fastify: FastifyInstance, access: Asked, callers: Callers): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    void reply.header('cache-control', 'no-store');
    const query = parseInput(forwardAuthQuery, request.query, 'query');
    const asked = checkRequestOf(request, query);
    const result = await access.checkFor(callerOf(request), asked);
    void reply.headers(result.headers);
    if (!result.allowed || result.principal === null) throw denialOf(result, query.scope);
    return reply.headers(principalHeaders(result.principal, asked.own_assets === true)).send();
  };

  void fastify.register(async (scope) => {
    // The body is the call's: whatever it is, it is not read.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _body, done) => done(null));
    scope.route({
      ...hotRoute,
      method: [...FORWARD_AUTH_METHODS],
      url: FORWARD_AUTH_URL,
      onRequest: admitting(callers, tokenOf),
      handler: answer,
      errorHandler: refuse,
    });
  });
}

function tokenOf({ headers }: FastifyRequest): string | undefined {
  const token = headers[TOKEN_HEADER];
  return token === undefined ? undefined : `Bearer ${[token].flat().join(' ')}`;
}

/** @throws AppError as `forwardedCall`; `request.invalid` also when the proxy's configuration asks for what no check takes */
function checkRequestOf({ raw, clientIp }: FastifyRequest, query: ForwardAuthQuery): CheckRequest {
  const {
    scope,
    form,
    origin,
    own_assets: ownAssets,
    second_factor: secondFactor,
    asset,
    tenant,
    action,
    cost,
  } = query;
  const { credential, about } = forwardedCall(raw.rawHeaders, form, origin);
  const asked = {
    credential,
    ...about,
    scopes: scope,
    asset,
    tenant,
    action,
    cost,
    own_assets: ownAssets === 'true',
    second_factor: secondFactor,
    ...(clientIp !== undefined && { ip: clientIp }),
  };
  return parseInput(checkRequest, asked, 'query');
}

/** Whatever refuses, be it a hook before the query was looked at. */
function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (saysNginx(request.query)) refuseForNginx(toAppError(error), request, reply);
  else sendError(error, request, reply);
}

const saysNginx = (query: unknown): boolean => {
  const { statuses } = query as { readonly statuses?: unknown };
  return [statuses].flat().includes('nginx');
};

/** A status that it does not understand would become its own 500. */
function refuseForNginx(error: AppError, request: FastifyRequest, reply: FastifyReply): void {
  const { code, retryAfterSeconds } = error;
  const status = HTTP_STATUS[code];
  if (status >= 500) request.log.error({ request_id: request.id, err: error, code }, 'request failed');
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  void reply
    .header('cache-control', 'no-store')
    .header('x-auth-status', String(status))
    .code(status === 401 ? 401 : 403)
    .send();
}
