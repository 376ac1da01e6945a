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
      override: ({ zodSchema, jsonSchema }) => {
        // The format says it in a word.
        if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
        if (io === 'input' && zodSchema instanceof z.ZodPipe) showNumber(zodSchema, jsonSchema);
        hideUnicodePatterns(jsonSchema);
      },
    });
    for (const [name, definition] of Object.entries($defs)) this.#schemas[name] = linked(definition);
    return linked(properties?.['it'] ?? {});
  }

  get schemas(): Readonly<Record<string, JsonSchema>> {
    return this.#schemas;
  }
}

/** A number in a query is text that is read as one. */
function showNumber({ out }: z.ZodPipe, shown: z.core.JSONSchema.BaseSchema): void {
  if (!(out instanceof z.ZodNumber)) return;
  delete shown.pattern;
  const bounds = Object.entries({ minimum: out.minValue, maximum: out.maxValue });
  Object.assign(shown, {
    type: 'integer',
    ...Object.fromEntries(bounds.filter(([, bound]) => Number.isFinite(bound))),
  });
}

/** The regular expressions of many languages have no Unicode properties. */
function hideUnicodePatterns(shown: z.core.JSONSchema.BaseSchema): void {
  const isHidden = ({ pattern }: { pattern?: string | undefined }) => pattern !== undefined && /\\p/i.test(pattern);
  if (isHidden(shown)) delete shown.pattern;
  const parts = shown.allOf?.filter((part) => !isHidden(part));
  if (parts !== undefined) shown.allOf = parts;
}

/** As OpenAPI refers to schemas. */
function linked(schema: unknown): JsonSchema {
  const text = JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/');
  return Object.fromEntries(Object.entries(JSON.parse(text) as JsonSchema).filter(([name]) => name !== 'id'));
}
