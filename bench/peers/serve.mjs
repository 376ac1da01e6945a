// What the HTTP peers have in common.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import Fastify from 'fastify';

/** What the runner sends first. */
export const options = async () => (await once(process, 'message'))[0];

/** The check's request, as a schema for Fastify's own validator. */
export const checkBody = {
  type: 'object',
  required: ['credential'],
  additionalProperties: false,
  properties: {
    credential: { type: 'string', maxLength: 16_384 },
    scopes: { type: 'array', maxItems: 50, items: { type: 'string', minLength: 1, maxLength: 100 } },
    ip: { type: 'string', maxLength: 64 },
  },
};

/** A bare Fastify with one route, which ends with the runner. `also`: what the runner must know besides where it listens. */
export async function serve(schema, handler, also = {}) {
  const fastify = Fastify();
  fastify.post('/check', { schema }, handler);
  await fastify.listen({ port: 0, host: '127.0.0.1' });
  process.once('disconnect', () => process.exit());
  process.send({ port: fastify.server.address().port, ...also });
}

export const sha256 = (text) => createHash('sha256').update(text).digest('base64url');
