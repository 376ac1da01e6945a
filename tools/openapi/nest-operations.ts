import { RequestMethod, type Type } from '@nestjs/common';
import { HTTP_CODE_METADATA, METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import type { CredentialForm } from '@latchkey/access';
import { ROUTE_ACCESS, type Requirement, type RouteAccess } from '@latchkey/guard';
import { shownTokenIn } from '@latchkey/identity';
import type { ErrorCode } from '@latchkey/kernel';
import {
  idempotencyKeyIn,
  ROUTE_ANSWERS,
  ROUTE_REFUSALS,
  ShownSchema,
  ZodPipe,
  type RouteAnswers,
} from '@latchkey/platform';
import type { z } from 'zod';
import type { Body, Callers, Operation } from './operation';
import { words } from './words';

const FORMS: readonly CredentialForm[] = ['bearer', 'x-api-key', 'cookie'];
/** Session tokens alone may stand there (C4). */
const OF_SESSIONS: ReadonlySet<CredentialForm> = new Set(['cookie', 'query']);
const JSON_TYPE = 'application/json';
/** Of Nest's `RouteParamtypes`, which it keeps to itself. */
const BODY = '3';
const QUERY = '4';

/** A parameter of a handler. */
interface Argument {
  readonly type: string;
  readonly data?: unknown;
  readonly pipes: readonly unknown[];
  /** Of a decorator of our own. */
  readonly factory?: unknown;
}

/** Every route of the controller, by what its decorators say. @throws Error: it says too little */
export const operationsOf = (controller: Type): readonly Operation[] =>
  Object.getOwnPropertyNames(controller.prototype).flatMap((name) => operationsOfHandler(controller, name));

function operationsOfHandler(controller: Type, name: string): readonly Operation[] {
  const handler: unknown = Reflect.get(controller.prototype as object, name);
  if (typeof handler !== 'function') return [];
  const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
  if (method === undefined) return [];
  const verb = RequestMethod[method];
  const access = overriding<RouteAccess>(ROUTE_ACCESS, controller, handler);
  if (access === undefined) throw new Error(`${controller.name}.${name} declares neither @Requires nor @Public`);
  const given = argumentsOf(controller, name);
  const surface = controller.name.replace(/Controller$/, '');
  const operation = {
    summary: `${words(surface)}: ${words(name).toLowerCase()}`,
    method: verb,
    callers: callersOf(access, given),
    query: schemaAt(given, QUERY),
    body: bodyOf(given),
    idempotent: given.some(({ factory }) => factory === idempotencyKeyIn),
    answers: answersOf(handler, verb, `${controller.name}.${name}`),
  };
  return pathsOf(controller, handler).map((path, index) => {
    const refuses = refusalsOf(controller, handler, { ...operation, path }, access);
    return { ...operation, id: `${surface}.${name}${index === 0 ? '' : 'Slash'}`, path, refuses };
  });
}

const overriding = <Value>(key: symbol, controller: Type, handler: object): Value | undefined =>
  (Reflect.getMetadata(key, handler) ?? Reflect.getMetadata(key, controller)) as Value | undefined;

/** Nest takes the last slash off. */
const pathsOf = (controller: Type, handler: object): readonly string[] =>
  [Reflect.getMetadata(PATH_METADATA, handler) as string | string[]].flat().map((path) => {
    const prefix = Reflect.getMetadata(PATH_METADATA, controller) as string;
    return `/${prefix}/${path.replace(/^\/(?!\/)/, '')}`.replace(/\/$/, '').replace('///', '/').replace(/\/\/$/, '/');
  });

function argumentsOf(controller: Type, name: string): readonly Argument[] {
  const found = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<
    string,
    Omit<Argument, 'type'>
  >;
  return Object.entries(found).map(([key, argument]) => ({ ...argument, type: key.split(':')[0] ?? '' }));
}

function schemaAt(given: readonly Argument[], type: string): z.ZodType | undefined {
  const pipes = given.filter((argument) => argument.type === type).flatMap((argument) => argument.pipes);
  return pipes.flatMap((pipe) => (showsSchema(pipe) ? [pipe.schema] : []))[0];
}

const showsSchema = (pipe: unknown): pipe is { readonly schema: z.ZodType } =>
  pipe instanceof ZodPipe || pipe instanceof ShownSchema;

function bodyOf(given: readonly Argument[]): Body | undefined {
  const schema = schemaAt(given, BODY);
  return schema && { type: JSON_TYPE, schema };
}

function callersOf(access: RouteAccess, given: readonly Argument[]): Callers {
  if (!access.public) {
    const { forms = FORMS, scopes, credentials } = access.requirement;
    return { kind: 'credential', forms: forms.filter((form) => isOf(form, credentials)), scopes, credentials };
  }
  const forms = given.find(({ factory }) => factory === shownTokenIn)?.data as readonly CredentialForm[] | undefined;
  return forms ? { kind: 'credential', forms, scopes: [], credentials: ['session'] } : { kind: 'everybody' };
}

const isOf = (form: CredentialForm, credentials: Requirement['credentials']): boolean =>
  !OF_SESSIONS.has(form) || (credentials?.includes('session') ?? true);

/** As Nest has it. */
function answersOf(handler: object, verb: string, name: string): Operation['answers'] {
  const status =
    (Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined) ?? (verb === 'POST' ? 201 : 200);
  const answers = Reflect.getMetadata(ROUTE_ANSWERS, handler) as RouteAnswers | undefined;
  if (answers === undefined) {
    if (status === 200 || status === 201) throw new Error(`${name} does not say what it answers (@Answers)`);
    return { [status]: null };
  }
  const bodies: Record<number, z.ZodType> = { ...answers.others, [status]: answers.body };
  return Object.fromEntries(Object.entries(bodies).map(([code, schema]) => [code, { type: JSON_TYPE, schema }]));
}

/** The errors of every route of its kind, and its own. */
function refusalsOf(
  controller: Type,
  handler: object,
  { method, path, query, body, idempotent }: Pick<Operation, 'method' | 'path' | 'query' | 'body' | 'idempotent'>,
  access: RouteAccess,
): readonly ErrorCode[] {
  const writes = method !== 'GET';
  const codes: readonly (readonly [boolean, ...ErrorCode[]])[] = [
    [true, 'service.unavailable'],
    [query !== undefined || body !== undefined || idempotent, 'request.invalid'],
    [writes, 'request.malformed', 'request.too_large', 'request.unsupported_media_type', 'stream.version_conflict'],
    [path.includes(':'), 'route.not_found'],
    [idempotent, 'request.idempotency_key_reused'],
    [!access.public, 'request.multiple_credentials', 'auth.unauthorized', 'auth.token_expired', 'auth.forbidden'],
    [!access.public, 'auth.mfa_required', 'auth.unavailable'],
    [!access.public && access.requirement.counts !== false, 'auth.rate_limited'],
    [writes && (!access.public || access.ownPagesOnly), 'auth.cross_site'],
  ];
  const own = [controller, handler].flatMap((of) => (Reflect.getMetadata(ROUTE_REFUSALS, of) ?? []) as ErrorCode[]);
  return [...new Set([...codes.flatMap(([holds, ...each]) => (holds ? each : [])), ...own])];
}
