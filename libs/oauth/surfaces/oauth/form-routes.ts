import { headersOf, maskKeys } from '@latchkey/access';
import { hotRoute, HTTP_STATUS, sendRefusal, toAppError } from '@latchkey/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { OauthEndpoint, TokenEndpointRequest } from '../../application/client-authentication';
import { parseForm, type Form } from '../../application/form';
import { OauthError } from '../../application/oauth-error';

/** Largest form, in bytes. An assertion has some 1,000, a token as many. */
const FORM_BYTES_MAX = 65_536;

/** Answers one form; what it throws becomes the error of RFC 6749 §5.2. */
export type FormEndpoint = (request: TokenEndpointRequest, reply: FastifyReply) => Promise<unknown>;

/**
 * `POST` of a form on the raw router. A scope of its own: forms are taken here and nowhere else, as any page of any site can send one in
 * the name of its visitor.
 */
export function addFormRoute(
  fastify: FastifyInstance,
  url: string,
  endpoint: OauthEndpoint,
  answer: FormEndpoint,
): void {
  fastify.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser<string>(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
      (_request, body, parsed) => parsed(null, body),
    );
    scope.setErrorHandler(sendOauthError);
    scope.post(url, hotRoute, async (request, reply) => {
      // RFC 6749 §5.1: whatever is said here is about this request.
      void reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
      return reply.send(await answer(requestOf(request, endpoint), reply));
    });
    done();
  });
}

const requestOf = (request: FastifyRequest, endpoint: OauthEndpoint): TokenEndpointRequest => ({
  endpoint,
  form: formIn(request.body),
  authorization: onlyOne(headersOf(request.raw.rawHeaders)['authorization']),
  ip: request.clientIp,
  userAgent: request.headers['user-agent'],
});

const formIn = (body: unknown): Form => parseForm(typeof body === 'string' ? body : '');

/** A second one is refused, not ranked: what is between may have read the other. @throws OauthError `invalid_request` */
function onlyOne([first, ...others]: readonly string[] = []): string | undefined {
  if (others.length > 0) throw new OauthError('invalid_request', 'There is more than one Authorization header.');
  return first;
}

function sendOauthError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  // The router knows the address in other spellings too. Nothing is there, and that is said as everywhere else.
  if (toAppError(error).code === 'route.not_found') throw error;
  const { error: code, description, status, headers } = oauthErrorOf(error, request);
  void reply.headers({ pragma: 'no-cache', ...headers });
  // It may name what was sent, and a secret may have been sent in its place.
  const body = { error: code, error_description: maskKeys(description) };
  sendRefusal({ status, contentType: 'application/json; charset=utf-8', body }, request, reply);
}

/** In the words of RFC 6749 §5.2. What is no fault of the client's is logged with its cause, and only there. */
function oauthErrorOf(error: unknown, request: FastifyRequest): OauthError {
  if (error instanceof OauthError) return error;
  const appError = toAppError(error);
  const status = HTTP_STATUS[appError.code];
  if (status === 413) return new OauthError('invalid_request', 'The body is too large.', { status });
  if (status === 415) {
    return new OauthError('invalid_request', 'Send the parameters as application/x-www-form-urlencoded.');
  }
  if (status === 400) return new OauthError('invalid_request', 'The request is not valid.');
  request.log.error({ request_id: request.id, err: appError, code: appError.code }, 'request failed');
  if (status === 500) return new OauthError('server_error', 'Something went wrong on our side.');
  const { retryAfterSeconds = 1 } = appError;
  return new OauthError('temporarily_unavailable', 'Not available right now. Try again.', { retryAfterSeconds });
}
