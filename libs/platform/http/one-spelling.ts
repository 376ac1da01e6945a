import { AppError } from '@latchkey/kernel';
import type { FastifyInstance } from 'fastify';

/** Percent-encoded letters, digits, `-`, `.`, `_` and `~` (RFC 3986 §2.3). */
const ENCODED_UNRESERVED = /%(?:2[de]|3\d|[46][1-9a-f]|[57][\da]|5f|7e)/i;

/** Whether the path of a raw `url` encodes what needs no encoding (RFC 3986 §6.2.2.2), and so has another spelling. */
export function hasOtherSpelling(url: string): boolean {
  if (!url.includes('%')) return false;
  const [path = ''] = url.split('?', 1);
  return ENCODED_UNRESERVED.test(path);
}

/**
 * The router decodes an address before it compares it, and whatever stands in front (a proxy that keeps some addresses back) may not. So an
 * address has one spelling here, and there is nothing at the others.
 */
export function takeOneSpelling(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (hasOtherSpelling(request.raw.url ?? '')) done(new AppError('route.not_found'));
    else done();
  });
}
