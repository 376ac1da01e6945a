import { z } from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Schemas in the document. One with an id is written once, and referred to by it. */
export class Components {
  readonly #schemas: Record<string, JsonSchema> = {};

  /** @param io what is sent in, or what is answered: defaults and transformations make the two differ */
  of(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const { properties, $defs = {} } = z.toJSONSchema(z.object({ it: schema }), {
      io,
      unrepresentable: 'any',
      override: ({ jsonSchema }) => {
        // The format says it in a word.
        if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      },
    });
    for (const [name, definition] of Object.entries($defs)) this.#schemas[name] = linked(definition);
    return linked(properties?.['it'] ?? {});
  }

  get schemas(): Readonly<Record<string, JsonSchema>> {
    return this.#schemas;
  }
}

/** As OpenAPI refers to schemas. */
function linked(schema: unknown): JsonSchema {
  const text = JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/');
  return Object.fromEntries(Object.entries(JSON.parse(text) as JsonSchema).filter(([name]) => name !== 'id'));
}
