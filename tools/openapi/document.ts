import { HOT_ROUTES } from '@latchkey/enforcement';
import { auditControllers } from '@latchkey/audit';
import { identityControllers } from '@latchkey/identity';
import { issuanceControllers, LEAK_ROUTES } from '@latchkey/issuance';
import { AppError } from '@latchkey/kernel';
import { ClientsController, TOKEN_ROUTES, TOKEN_STATUS_ROUTES } from '@latchkey/oauth';
import {
  brokenRequestSchema,
  errorReply,
  problemSchema,
  s4eErrorSchema,
  type DescribedRoute,
} from '@latchkey/platform';
import { Components, type JsonSchema } from './components';
import { operationsOf } from './nest-operations';
import type { Body, Operation } from './operation';
import { SECURITY_SCHEMES, securityOf } from './security';
import { words } from './words';

const CONTROLLERS = [...issuanceControllers, ...identityControllers, ClientsController, ...auditControllers];
const RAW_ROUTES = [...HOT_ROUTES, ...LEAK_ROUTES, ...TOKEN_ROUTES, ...TOKEN_STATUS_ROUTES];

const PROBLEM_TYPE = 'application/problem+json';

const DESCRIPTION =
  `Credentials for services, issued and enforced. Errors are application/problem+json (RFC 9457), or on the paths of
the S4E documents their envelope; \`code\` is stable. Times are RFC 3339 in UTC. Lists are paged by cursor: \`next_cursor\` of one page is
\`cursor\` of the next.`.replaceAll('\n', ' ');

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface ParameterObject {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

export interface ResponseObject {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Content;
}

export interface OperationObject {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly ParameterObject[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, ResponseObject>>;
}

/** The public HTTP API of all services, as their routes describe themselves (OpenAPI 3.1). @param version of the product */
export function openApiDocument(version: string): OpenApiDocument {
  const components = new Components();
  const operations = [...CONTROLLERS.flatMap(operationsOf), ...RAW_ROUTES.map(rawOperation)];
  const paths: Record<string, Record<string, OperationObject>> = {};
  for (const operation of [...operations].sort((a, b) => Number(a.path > b.path) - Number(a.path < b.path))) {
    const item = (paths[operation.path.replaceAll(/:(\w+)/g, '{$1}')] ??= {});
    item[operation.method.toLowerCase()] = operationObject(operation, components);
  }
  const schemas = Object.fromEntries(Object.entries(components.schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Latchkey',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: { schemas, securitySchemes: SECURITY_SCHEMES },
  };
}

const rawOperation = ({ url, callers, ...route }: DescribedRoute): Operation => ({
  ...route,
  id: `${route.method.toLowerCase()}${url.replaceAll(/[^a-z0-9]+(.)/g, (_, letter: string) => letter.toUpperCase())}`,
  path: url,
  callers: callers ? { kind: 'raw', ways: callers } : { kind: 'everybody' },
  idempotent: false,
});

function operationObject(operation: Operation, components: Components): OperationObject {
  const { id, summary, path, callers, body } = operation;
  return {
    operationId: id,
    summary,
    tags: [tagOf(path)],
    ...(callers.kind === 'credential' && callers.credentials && { 'x-credentials': callers.credentials }),
    security: securityOf(callers),
    parameters: parametersOf(operation, components),
    ...(body && {
      requestBody: {
        required: !body.schema.safeParse(undefined).success,
        content: { [body.type]: { schema: components.of(body.schema, 'input') } },
      },
    }),
    responses: {
      ...answersOf(operation, components),
      ...refusalsOf(operation, components),
      431: {
        description: 'The address and the headers are larger than 16 KiB together.',
        content: contentOf({ type: PROBLEM_TYPE, schema: brokenRequestSchema }, components),
      },
    },
  };
}

/** Every surface is a part, and of the canonical one each resource. */
function tagOf(path: string): string {
  const [, first = '', second = '', third = ''] = path.split('/');
  if (first === 'api' && second === 'v1') return words(third.replaceAll('-', ' '));
  if (first === 'api') return second === 'admin' ? 'S-Launch' : 'S4E';
  return first === 'v1' ? 'Enforcement' : 'OAuth';
}

function parametersOf({ path, query, idempotent }: Operation, components: Components): readonly ParameterObject[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = '']): ParameterObject => {
    return { name, in: 'path', required: true, schema: { type: 'string', minLength: 1 } };
  });
  const { properties = {}, required = [] } = (query ? components.of(query, 'input') : {}) as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: readonly string[];
  };
  const inQuery = Object.entries(properties).map(([name, schema]): ParameterObject => {
    return { name, in: 'query', required: required.includes(name), schema };
  });
  const key: ParameterObject = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
  };
  return [...inPath, ...inQuery, ...(idempotent ? [key] : [])];
}

const answersOf = ({ answers }: Operation, components: Components): Readonly<Record<string, ResponseObject>> =>
  Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [
      status,
      {
        description: answer === null ? 'Done.' : 'The answer.',
        ...(answer && { content: contentOf(answer, components) }),
      },
    ]),
  );

const contentOf = ({ type, schema }: Body, components: Components): Content => ({
  [type]: { schema: components.of(schema, 'output') },
});

/** In the envelope in which the surface sends them. */
function refusalsOf(
  { path, refuses, bare }: Operation,
  components: Components,
): Readonly<Record<string, ResponseObject>> {
  const responses: Record<string, ResponseObject> = {};
  for (const error of refuses.map((code) => new AppError(code))) {
    const { status, contentType } = errorReply(error, path, '');
    const type = contentType.split(';')[0] ?? '';
    const schema = type === PROBLEM_TYPE ? problemSchema : s4eErrorSchema;
    const sentence = `\`${error.code}\`: ${error.public}`;
    const { description } = responses[status] ?? {};
    responses[status] = {
      description: description === undefined ? sentence : `${description}\n\n${sentence}`,
      ...((status === 429 || status === 503) && { headers: RETRY_AFTER }),
      ...(!bare && { content: contentOf({ type, schema }, components) }),
    };
  }
  return responses;
}

const RETRY_AFTER = { 'Retry-After': { description: 'In whole seconds.', schema: { type: 'integer', minimum: 1 } } };
