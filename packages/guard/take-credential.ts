import { cookiesOf, extractCredential, headersOf, type CredentialForm } from '@latchkey/access';
import { AppError } from '@latchkey/kernel';
import type { FastifyRequest } from 'fastify';

const DEFAULT_FORMS: readonly CredentialForm[] = ['bearer', 'x-api-key', 'cookie'];

/** What a call shows of who makes it. */
export interface TakenCredential {
  /** Empty: it carries none. */
  readonly credential: string;
  /** Where it stood; null: nowhere, or it cannot be one. */
  readonly via: CredentialForm | null;
}

const FIELD = 'token';
/** No credential has this shape, so the check counts and records an attempt with an unknown one. */
const MALFORMED = '-';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Takes `token` out of the query: of the parsed one, and of the address that handlers and logs see. */
function scrubQuery(request: FastifyRequest): void {
  if (isRecord(request.query)) delete request.query[FIELD];
  const [path = '', query = ''] = (request.raw.url ?? '').split(/\?(.*)/s);
  // Compared as a parser reads it, so that `%74oken` is taken out too.
  const kept = query.split('&').filter((pair) => pair !== '' && !new URLSearchParams(pair).has(FIELD));
  request.raw.url = kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

/**
 * The credential of the call, in the forms that the route takes. One in the body or the query is taken out, so that no handler, log or upstream call gets to see it (C4).
 * @throws AppError `request.multiple_credentials` when the call carries two different ones.
 */
export function takeCredential(
  request: FastifyRequest,
  forms: readonly CredentialForm[] = DEFAULT_FORMS,
): TakenCredential {
  const headers = headersOf(request.raw.rawHeaders);
  const found = extractCredential(
    { headers, cookies: cookiesOf(headers['cookie']), query: request.query, body: request.body },
    forms,
  );
  if (forms.includes('body') && isRecord(request.body)) delete request.body[FIELD];
  if (forms.includes('query')) scrubQuery(request);
  switch (found.kind) {
    case 'missing':
      return { credential: '', via: null };
    case 'malformed':
      return { credential: MALFORMED, via: null };
    case 'multiple':
      throw new AppError('request.multiple_credentials');
    case 'found':
      return { credential: found.credential.reveal(), via: found.via };
  }
}
