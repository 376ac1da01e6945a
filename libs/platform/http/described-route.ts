import { SetMetadata } from '@nestjs/common';
import type { DeepReadonly, ErrorCode } from '@latchkey/kernel';
import type { z } from 'zod';

/** A reply as a handler may build it. */
export type Reply<Schema extends z.ZodType> = DeepReadonly<z.output<Schema>>;

/** Bodies of replies, by their status. */
export type ReplySchemas = Readonly<Record<number, z.ZodType>>;

/** What a handler answers with that succeeds. */
export interface RouteAnswers {
  /** With the status that the route has by itself. */
  readonly body: z.ZodType;
  /** With a status that the handler sets. */
  readonly others: ReplySchemas;
}

export const ROUTE_ANSWERS = Symbol('ROUTE_ANSWERS');
export const ROUTE_REFUSALS = Symbol('ROUTE_REFUSALS');

type Handler<Result> = (...args: never[]) => Result | Promise<Result>;

/**
 * The body of the handler's reply, for the OpenAPI document; the compiler holds the handler to it. A route without one answers without a body.
 * @param others bodies with a status that the handler sets itself
 */
export const Answers =
  <Body extends z.ZodType, Others extends ReplySchemas = Record<never, never>>(body: Body, others?: Others) =>
  <Method extends Handler<Reply<Body> | Reply<Others[keyof Others & number]>>>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    SetMetadata<symbol, RouteAnswers>(ROUTE_ANSWERS, { body, others: others ?? {} })(target, name, descriptor);
  };

/** Errors of the route's own, for the OpenAPI document, besides those of every route of its kind. On a class they are those of all its routes. */
export const Refuses = (...codes: readonly ErrorCode[]) =>
  SetMetadata<symbol, readonly ErrorCode[]>(ROUTE_REFUSALS, codes);

/** A route on the raw router, for the OpenAPI document. */
export interface DescribedRoute {
  readonly method: string;
  readonly url: string;
  readonly summary: string;
  readonly query?: z.ZodType;
  readonly body?: { readonly type: string; readonly schema: z.ZodType };
  /** Names of the ways in which who calls is authenticated; absent: everybody may call. */
  readonly callers?: readonly RawCaller[];
  /** Null: without a body. */
  readonly answers: Readonly<Record<number, { readonly type: string; readonly schema: z.ZodType } | null>>;
  /** Errors in the envelope of the surface. */
  readonly refuses: readonly ErrorCode[];
  /** Refusals may come without a body. */
  readonly bare?: true;
}

/** How a call on the raw router shows who makes it. */
export type RawCaller = 'service_token' | 'proxy_token' | 'client_basic' | 'in_form' | 'github_signature';
