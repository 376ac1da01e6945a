import { maskKeys } from '@latchkey/access';
import { errorCatalogue, type AppError, type ErrorCode } from '@latchkey/kernel';
import { z } from 'zod';
import { HTTP_STATUS } from './status';

/** An error as it goes over the wire. */
export interface ErrorReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** RFC 9457; with the details of the error besides. */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    /** Stable: to branch on. */
    code: z.string(),
    /** What of the request is wrong, as a dotted path. */
    field: z.string().optional(),
    request_id: z.string(),
  })
  .meta({ id: 'Problem' });

/** Of what is broken before it is HTTP: it has no address yet, and no surface. */
export const brokenRequestSchema = z
  .strictObject({ type: z.literal('about:blank'), title: z.string(), status: z.number(), request_id: z.string() })
  .meta({ id: 'BrokenRequest' });

/** C20; with the details of the error besides. */
export const s4eErrorSchema = z
  .strictObject({
    status: z.literal('error'),
    error: z.looseObject({ code: z.string(), message: z.string(), field: z.string().optional() }),
  })
  .meta({ id: 'S4eError' });

/** Surfaces whose documents show the S4E envelope (C20). */
const S4E_PREFIXES = ['/api/keys', '/api/assets', '/asset', '/api/user'];

const isUnder = (prefix: string, path: string) => path === prefix || path.startsWith(`${prefix}/`);

/** The documents' own codes (S2-12), and for what they do not name a word in their style. */
const S4E_CODE_OF_STATUS: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  422: 'invalid_request',
  429: 'rate_limited',
  503: 'unavailable',
};

const S4E_CODES: Partial<Record<ErrorCode, string>> = {
  'auth.captcha_required': 'captcha_required',
  'request.multiple_credentials': 'multiple_credentials',
  'auth.token_expired': 'token_expired',
  'auth.mfa_required': 'mfa_required',
  'request.idempotency_key_reused': 'idempotency_key_reused',
  'key.secret_already_issued': 'secret_already_issued',
};

function s4eReply(error: AppError, status: number): ErrorReply {
  const code = S4E_CODES[error.code] ?? S4E_CODE_OF_STATUS[status] ?? 'internal';
  return {
    status,
    contentType: 'application/json; charset=utf-8',
    body: {
      status: 'error',
      error: {
        ...error.details,
        code,
        message: maskKeys(error.public),
        ...(error.field !== undefined && { field: maskKeys(error.field) }),
      },
    },
  };
}

function problemReply(error: AppError, status: number, requestId: string): ErrorReply {
  return {
    status,
    contentType: 'application/problem+json; charset=utf-8',
    body: {
      ...error.details,
      type: `urn:latchkey:error:${error.code}`,
      title: errorCatalogue[error.code],
      status,
      detail: maskKeys(error.public),
      code: error.code,
      ...(error.field !== undefined && { field: maskKeys(error.field) }),
      request_id: requestId,
    },
  };
}

/**
 * The body of an error in the envelope of the surface that `url` belongs to: the S4E one on S4E's paths, else
 * `application/problem+json` (RFC 9457). Shows nothing but the error's public side, and no key
 * that was sent where none belongs: whoever keeps what went wrong would keep it too.
 */
export function errorReply(error: AppError, url: string, requestId: string): ErrorReply {
  const path = url.split('?', 1)[0] ?? '';
  const status = HTTP_STATUS[error.code];
  return S4E_PREFIXES.some((prefix) => isUnder(prefix, path))
    ? s4eReply(error, status)
    : problemReply(error, status, requestId);
}
