import type { PipeTransform } from '@nestjs/common';
import { AppError } from '@latchkey/kernel';
import type { z } from 'zod';
import { telling, whatIsWrong } from './zod-sentences';

/** Names of a client's own fields are shown back, but not without end. */
const NAME_LENGTH_MAX = 100;
const clipped = (name: string) => (name.length > NAME_LENGTH_MAX ? `${name.slice(0, NAME_LENGTH_MAX)}…` : name);

const at = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );

const dotted = (path: readonly PropertyKey[]) => path.map((key) => clipped(String(key))).join('.');

interface Complaint {
  readonly field?: string;
  readonly message: string;
}

function complaintOf(issue: z.core.$ZodIssue, input: unknown, whole: string): Complaint {
  if (issue.code === 'unrecognized_keys') {
    const field = dotted([...issue.path, ...issue.keys.slice(0, 1)]);
    return { field, message: `Unknown field "${field}".` };
  }
  const value = at(input, issue.path);
  const wrong = whatIsWrong(issue, value);
  if (issue.path.length === 0) return { message: `The ${whole} ${wrong}.` };
  const field = dotted(issue.path);
  if (value === undefined && issue.code !== 'custom') return { field, message: `"${field}" is required.` };
  return { field, message: `"${field}" ${wrong}.` };
}

/** Parses `input`, or says what is wrong first: `request.invalid` with the dotted path of the field, never its value. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown, whole: string): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = telling(result.error.issues);
  if (issue === undefined) throw new AppError('request.invalid');
  const { field, message } = complaintOf(issue, input, whole);
  throw new AppError('request.invalid', { public: message, ...(field !== undefined && { field }) });
}

/** Takes a part of a request, and says in a schema what that can be: the OpenAPI document shows it. */
export class ZodPipe<Schema extends z.ZodType> implements PipeTransform<unknown, z.output<Schema>> {
  constructor(
    readonly schema: Schema,
    private readonly whole: string,
  ) {}

  transform(input: unknown): z.output<Schema> {
    return parseInput(this.schema, input, this.whole);
  }
}

/** `@Body(zodBody(schema))`: the body is what `schema` says, or the reply is a 400 that names the field. */
export const zodBody = <Schema extends z.ZodType>(schema: Schema): PipeTransform<unknown, z.output<Schema>> =>
  new ZodPipe(schema, 'body');

/** `@Query(zodQuery(schema))`: likewise for the query; every value arrives as text. */
export const zodQuery = <Schema extends z.ZodType>(schema: Schema): PipeTransform<unknown, z.output<Schema>> =>
  new ZodPipe(schema, 'query');

/** `@Param(zodParam(schema))` or `@Param('id', zodParam(schema))`: likewise for the path. */
export const zodParam = <Schema extends z.ZodType>(schema: Schema): PipeTransform<unknown, z.output<Schema>> =>
  new ZodPipe(schema, 'path');

/** Leaves the parsing to the handler. */
export class ShownSchema implements PipeTransform<unknown, unknown> {
  constructor(readonly schema: z.ZodType) {}

  transform(input: unknown): unknown {
    return input;
  }
}

/** `@Query(shownQuery(schema))`: the query as it was sent. The handler parses it itself; the schema is for the OpenAPI document. */
export const shownQuery = (schema: z.ZodType): PipeTransform<unknown, unknown> => new ShownSchema(schema);
