import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020';
import fc from 'fast-check';
import type { Answer } from './http';

type JsonSchema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

/** An operation of the document that is checked in. */
export interface Operation {
  readonly operationId: string;
  readonly method: string;
  /** With `{parameters}`. */
  readonly path: string;
  /** Kinds; absent: any. */
  readonly 'x-credentials'?: readonly string[];
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { schema: JsonSchema }>>;
  };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: JsonSchema }>> }>>;
}

export const OPENAPI_FILE = path.join(__dirname, '../../libs/contracts/openapi/latchkey.openapi.json');

const document = JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, 'method' | 'path'>>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
};
const { components } = document;

export const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([route, item]) =>
  Object.entries(item).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path: route })),
);

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const validators = new Map<JsonSchema, ReturnType<typeof ajv.compile>>();

function faultOfValue(schema: JsonSchema, value: unknown): string | null {
  const validate = validators.get(schema) ?? ajv.compile({ ...schema, components });
  validators.set(schema, validate);
  return validate(value) ? null : ajv.errorsText(validate.errors);
}

/** In what the answer is not what the document says; null: in nothing. */
export function faultOf(operation: Operation, { status, headers, text }: Answer): string | null {
  if (status >= 500 && status !== 503) return `answered ${status}`;
  const documented = operation.responses[status];
  if (documented === undefined) return `answered ${status}, which is not documented: ${text.slice(0, 300)}`;
  if (documented.content === undefined) return null;
  if (text === '') return operation.method === 'HEAD' ? null : `answered ${status} without a body`;
  const type = String(headers['content-type']).split(';')[0] ?? '';
  const schema = documented.content?.[type]?.schema;
  if (schema === undefined) return `answered ${status} with ${type}, which is not documented`;
  const fault = faultOfValue(schema, JSON.parse(text));
  return fault && `answered ${status} with another body: ${fault}: ${text.slice(0, 300)}`;
}

/** Values that a schema allows, as far as it can tell. @param name of the field */
function valuesOf(schema: JsonSchema, name = ''): fc.Arbitrary<unknown> {
  const { $ref, anyOf, oneOf, type } = schema;
  if (typeof $ref === 'string') return valuesOf(components.schemas[$ref.split('/').at(-1) ?? ''] ?? {}, name);
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  const forms = anyOf ?? oneOf;
  if (Array.isArray(forms)) return fc.oneof(...(forms as JsonSchema[]).map((form) => valuesOf(form, name)));
  switch (type) {
    case 'object':
      return objectsOf(schema);
    case 'array':
      return arraysOf(schema, name);
    case 'string':
      return textsOf(schema, name);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'integer':
    case 'number':
      return fc.integer({ min: Math.ceil(numberIn(schema, 'minimum', 0)), max: numberIn(schema, 'maximum', 1_000) });
    default:
      return fc.jsonValue();
  }
}

const numberIn = (schema: JsonSchema, name: string, fallback: number): number => {
  const value = schema[name];
  return typeof value === 'number' ? value : fallback;
};

/** A field that need not be there is there now and then: each may be what a request is refused for. */
function objectsOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>);
  const required = (schema['required'] ?? []) as readonly string[];
  const fields = properties.map(([name, inner]) => {
    const values = valuesOf(inner, name);
    return [
      name,
      required.includes(name)
        ? values
        : fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 3, arbitrary: values }),
    ] as const;
  });
  return fc.record(Object.fromEntries(fields));
}

function arraysOf(schema: JsonSchema, name: string): fc.Arbitrary<unknown> {
  const minLength = numberIn(schema, 'minItems', 0);
  return fc.array(valuesOf((schema['items'] ?? {}) as JsonSchema, name), {
    minLength,
    maxLength: Math.max(minLength, 3),
  });
}

/** What is there, or means something, by the name of the field: with it a request gets far. */
const LIKELY: Readonly<Record<string, readonly string[]>> = {
  scopes: ['read:assets', 'write:assets', 'admin'],
  scope: ['read:assets'],
  plan: ['standard', 'unlimited'],
  allowed_ips: ['192.0.2.1', '2001:db8::/32', '10.0.0.0/8'],
  ip: ['192.0.2.1'],
  email: ['somebody@example.com', 'admin@localhost.localdomain'],
  own_assets: ['true', 'false'],
};

function textsOf(schema: JsonSchema, name: string): fc.Arbitrary<string> {
  const { format, pattern } = schema;
  if (format === 'date-time') {
    return fc
      .date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((time) => time.toISOString());
  }
  if (format === 'uri') return fc.webUrl();
  if (typeof pattern === 'string' && !pattern.includes('\\p')) return fc.stringMatching(new RegExp(pattern));
  const [minLength, maxLength] = [numberIn(schema, 'minLength', 0), Math.min(numberIn(schema, 'maxLength', 100), 200)];
  const any = fc.string({ minLength, maxLength, unit: 'grapheme' });
  const likely = LIKELY[name];
  return likely ? fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...likely) }, { weight: 1, arbitrary: any }) : any;
}

/** What no field wants, or only some. */
const STRANGE: readonly unknown[] = [
  ...[null, true, -1, 0.5, 1e308, 2 ** 53, '', ' ', '\u0000', '\ud800', '\u202e', "'; DROP TABLE events; --"],
  ...['x'.repeat(5_000), [], [null], [[]], {}, { toString: 'x' }, '9999999999999-01-01T00:00:00Z', '10.0.0.0/33'],
];

type Path = readonly (string | number)[];

const pathsIn = (value: unknown, at: Path = []): readonly Path[] =>
  typeof value === 'object' && value !== null
    ? [at, ...Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, [...at, name]))]
    : [at];

function replaced(value: unknown, [first, ...rest]: Path, by: unknown): unknown {
  if (first === undefined) return by;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (String(index) === first ? replaced(item, rest, by) : item));
  return { ...(value as object), [first]: replaced(Reflect.get(value as object, first), rest, by) };
}

/** A value of the schema with one thing wrong in it: a strange value somewhere, a field too few or too many. */
const mutantsOf = (schema: JsonSchema): fc.Arbitrary<unknown> =>
  fc.tuple(valuesOf(schema), fc.nat(), fc.constantFrom(...STRANGE)).map(([value, n, strange]) => {
    const paths = pathsIn(value);
    const place = n % (paths.length + 1);
    if (place === paths.length)
      return typeof value === 'object' && value !== null ? { ...value, ['no_such_field']: 1 } : strange;
    return replaced(value, paths[place] ?? [], n % 7 === 0 ? undefined : strange);
  });

/** One request to an operation. */
export interface FuzzedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const URL_LENGTH_MAX = 8_000;
const isSendable = (text: string) => !/[\ud800-\udfff]/.test(text.replaceAll(/[\ud800-\udbff][\udc00-\udfff]/g, ''));
const oneText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** Requests that the document allows, and such as it does not. @param ids by the segment of the address before them */
export function requestsTo(operation: Operation, ids: Readonly<Record<string, string>>): fc.Arbitrary<FuzzedRequest> {
  const of = (place: Parameter['in']) => operation.parameters.filter((parameter) => parameter.in === place);
  const [, segment = ''] = /([\w-]+)\/\{/.exec(operation.path) ?? [];
  const known = fc.constantFrom(...(segment in ids ? [ids[segment] ?? ''] : Object.values(ids)));
  const any = fc.oneof(fc.constantFrom(...Object.values(ids)), fc.string({ minLength: 1 }).filter(isSendable));
  const params = fc.tuple(...of('path').map(() => fc.oneof(known, any)));
  const query = fc.tuple(...of('query').map(({ name, schema }) => queryValues(name, schema)));
  const [type, { schema = {} } = {}] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const body =
    type === undefined
      ? fc.constant(undefined)
      : fc.oneof({ weight: 3, arbitrary: valuesOf(schema) }, { weight: 2, arbitrary: mutantsOf(schema) });
  const key =
    of('header').length === 0
      ? fc.constant(undefined)
      : fc.option(fc.constantFrom('fuzz-1', 'fuzz-2', '"x"', ' ', 'x'.repeat(300)), { nil: undefined });
  return fc
    .record({ params, query, body, key })
    .map(({ params: inPath, query: pairs, body: sent, key: idempotencyKey }) => {
      let next = 0;
      const address = operation.path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(inPath[next++] ?? 'x'));
      const search = new URLSearchParams(pairs.flat(1)).toString();
      const isForm = type === 'application/x-www-form-urlencoded';
      return {
        path: (search === '' ? address : `${address}?${search}`).slice(0, URL_LENGTH_MAX),
        headers: {
          ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
          ...(type !== undefined && { 'content-type': type }),
        },
        ...(sent !== undefined && { body: isForm ? formOf(sent) : JSON.stringify(sent) }),
      };
    });
}

/** Pairs of the parameter: none, one, or one too many. */
const queryValues = (name: string, schema: JsonSchema): fc.Arbitrary<[string, string][]> =>
  fc.oneof(
    { weight: 40, arbitrary: fc.constant<[string, string][]>([]) },
    {
      weight: 6,
      arbitrary: valuesOf(schema, name).map((value) =>
        [value].flat().map((one): [string, string] => [name, oneText(one)]),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(...STRANGE)
        .map((value): [string, string][] => [[name, oneText(value).slice(0, 1_000)]]),
    },
    {
      weight: 1,
      arbitrary: fc.constant<[string, string][]>([
        [name, 'x'],
        [name, 'y'],
      ]),
    },
  );

const formOf = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? new URLSearchParams(Object.entries(value).map(([name, one]): [string, string] => [name, oneText(one)])).toString()
    : oneText(value);
