import { extractCredential } from '@latchkey/access';
import { AppError } from '@latchkey/kernel';
import type { FastifyRequest } from 'fastify';
import type { CredentialForm } from './decorators';

const DEFAULT_FORMS: readonly CredentialForm[] = ['bearer', 'x-api-key'];
const FIELD = 'token';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Takes `token` out of the query, of the parsed one and of the address that logs and handlers see. */
function scrubQuery(request: FastifyRequest): void {
  if (isRecord(request.query)) delete request.query[FIELD];
  const [path = '', query = ''] = (request.raw.url ?? '').split(/\?(.*)/s);
  const kept = query.split('&').filter((pair) => {
    const name = pair.split('=', 1)[0] ?? '';
    // Compared as the parser reads it, so that `%74oken` is taken out too.
    return new URLSearchParams(`${name}=`).has(FIELD) === false;
  });
  request.raw.url = kept.length === 0 || query === '' ? path : `${path}?${kept.join('&')}`;
}

/**
 * The credential of the call, in the forms that the route takes; empty when there is none. One in the body or the query is
 * taken out, so that no handler, log or upstream call gets to see it (C4).
 * @throws AppError `request.multiple_credentials` when the call carries two different ones.
 */
export function takeCredential(request: FastifyRequest, forms: readonly CredentialForm[] = DEFAULT_FORMS): string {
  const found = extractCredential(
    { headers: request.headers, body: request.body, query: isRecord(request.query) ? request.query : {} },
    forms,
  );
  if (forms.includes('body') && isRecord(request.body)) delete request.body[FIELD];
  if (forms.includes('query')) scrubQuery(request);
  switch (found.kind) {
    case 'none':
      return '';
    case 'multiple':
      throw new AppError('request.multiple_credentials');
    case 'credential':
      return found.credential;
  }
}
