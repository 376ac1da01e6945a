import { types } from 'node:util';
import { HttpException } from '@nestjs/common';
import { AppError, isAppError, type ErrorCode } from '@latchkey/kernel';

/** How Fastify names what is wrong with a request. */
const CODE_OF_FASTIFY_ERROR: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request.unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request.malformed',
  FST_ERR_BAD_URL: 'route.not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'route.not_found',
};

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'auth.unauthorized',
  403: 'auth.forbidden',
  404: 'route.not_found',
  405: 'route.method_not_allowed',
  413: 'request.too_large',
  414: 'route.not_found',
  415: 'request.unsupported_media_type',
  429: 'auth.rate_limited',
  503: 'service.unavailable',
};

/**
 * Node's and PostgreSQL's codes for "not now": connection refused, reset or timed out; class 08, 53 and 57 states
 * (connection, resources such as connections or disk, operator's intervention); a primary that became read-only.
 */
const UNAVAILABLE = /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EHOSTUNREACH|08...|53...|57...|25006)$/;
/** `pg` gives no code when a connection breaks under a query, or when its pool has none to give. */
const UNAVAILABLE_MESSAGE = /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/;

const CAUSES_MAX = 5;

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

function isUnavailable(error: unknown, depth = 0): boolean {
  if (!types.isNativeError(error) || depth > CAUSES_MAX) return false;
  const code = property(error, 'code');
  if (typeof code === 'string' && UNAVAILABLE.test(code)) return true;
  if (UNAVAILABLE_MESSAGE.test(error.message)) return true;
  return isUnavailable(error.cause, depth + 1) || isUnavailable(property(error, 'driverError'), depth + 1);
}

function codeOfRefusal(error: unknown): ErrorCode | undefined {
  const fastifyCode = property(error, 'code');
  if (typeof fastifyCode === 'string' && fastifyCode.startsWith('FST_')) {
    const known = CODE_OF_FASTIFY_ERROR[fastifyCode];
    if (known !== undefined) return known;
  } else if (!(error instanceof HttpException)) {
    return undefined;
  }
  const status = error instanceof HttpException ? error.getStatus() : property(error, 'statusCode');
  if (typeof status !== 'number') return undefined;
  return CODE_OF_STATUS[status] ?? (status < 500 ? 'request.invalid' : undefined);
}

/** Any exception as one of the catalogue. What nobody expected becomes `service.internal`, with its cause for the log. */
export function toAppError(error: unknown): AppError {
  if (isAppError(error)) return error;
  const cause = error instanceof HttpException ? (error.cause ?? error) : error;
  if (isAppError(cause)) return cause;
  const refusal = codeOfRefusal(cause) ?? codeOfRefusal(error);
  if (refusal !== undefined) return new AppError(refusal, { cause: error });
  if (isUnavailable(cause)) return new AppError('service.unavailable', { retryAfterSeconds: 1, cause: error });
  return new AppError('service.internal', { internal: 'unexpected exception', cause: error });
}
