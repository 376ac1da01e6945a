import { AppError } from '@latchkey/kernel';
import type { FastifyInstance } from 'fastify';

/** Largest body of a request, in bytes: 1 MiB. One more is refused. */
export const BODY_BYTES_MAX = 1_048_576;
/** Deepest nesting of arrays and objects in a body. No request of ours needs more than 5. */
export const JSON_DEPTH_MAX = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Whether `json` nests deeper than `depthMax`. Looks at brackets outside strings, so it holds for broken JSON too. */
export function nestsDeeperThan(json: string, depthMax: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < json.length; index += 1) {
    const char = json.charCodeAt(index);
    if (inString) {
      if (char === BACKSLASH) index += 1;
      else if (char === QUOTE) inString = false;
    } else if (char === QUOTE) {
      inString = true;
    } else if (OPENING.has(char)) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (CLOSING.has(char)) {
      depth -= 1;
    }
  }
  return false;
}

/**
 * Takes `application/json` and nothing else. An empty body counts as none, since clients send the type with a DELETE.
 * `__proto__` and `constructor.prototype` are refused, not removed: no honest request holds them.
 */
export function acceptOnlyJson(fastify: FastifyInstance): void {
  const parseSafely = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    // Checked before parsing: a deep value is cheap to send, and costs stack in everything that walks it.
    if (nestsDeeperThan(body, JSON_DEPTH_MAX)) {
      return done(new AppError('request.invalid', { public: `The body nests deeper than ${JSON_DEPTH_MAX} levels.` }));
    }
    return parseSafely(request, body, (error, value) =>
      error ? done(new AppError('request.malformed', { cause: error })) : done(null, value),
    );
  });
}
