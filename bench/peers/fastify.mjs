// The floor: Fastify alone. It validates the check's request and answers what Latchkey answered to one, by a compiled schema.
import { checkBody, options, serve } from './serve.mjs';

const { answer } = await options();

/** The schema of one value; lists are of one kind. */
function schemaOf(value) {
  if (Array.isArray(value)) return { type: 'array', items: value.length > 0 ? schemaOf(value[0]) : {} };
  if (value === null) return { type: 'null' };
  if (typeof value !== 'object') return { type: typeof value };
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, schemaOf(inner)])),
  };
}

await serve({ body: checkBody, response: { 200: schemaOf(answer) } }, async () => answer);
