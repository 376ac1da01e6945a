import path from 'node:path';
import { Root } from 'protobufjs';
import type { CheckRequest, CheckResult } from '../check';
import { BackwardWriter } from './backward-writer';
import { fromWireCheck, fromWireResult, type WireCheck, type WireResult } from './check-wire';
import { hasFewFields } from './few-fields';
import { writeResult } from './write-result';

export interface BatchCheckRequest {
  readonly checks: readonly CheckRequest[];
}

export interface BatchCheckResponse {
  readonly results: readonly CheckResult[];
}

export interface NumberedCheck {
  readonly id: number;
  /** Null when the message had none. */
  readonly check: CheckRequest | null;
}

export interface StreamCheckRequest {
  readonly checks: readonly NumberedCheck[];
}

/** Why one check of a stream was not decided. */
export interface CheckError {
  /** A status code of gRPC. */
  readonly code: number;
  readonly message: string;
}

export type NumberedAnswer =
  { readonly id: number; readonly result: CheckResult } | { readonly id: number; readonly error: CheckError };

export interface StreamCheckResponse {
  readonly answers: readonly NumberedAnswer[];
}

/** What came is no message of the protocol. A value, as grpc-js would end the call with an error of our own where a codec throws. */
export const MALFORMED = Symbol('MALFORMED');
export type Received<Message> = Message | typeof MALFORMED;

/** A method as grpc-js wants it. What is received has the shape of `check.ts`, but nobody has looked at its values yet. */
export interface CheckMethod<Request, Response> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => Received<Request>;
  readonly responseSerialize: (response: Response) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Received<Response>;
}

const root = new Root().loadSync(path.join(__dirname, '../proto/enforcement.proto'), { keepCase: true });
const typeOf = (name: string) => root.lookupType(`latchkey.enforcement.v1.${name}`);

/** Our requests are spelt as in the proto, so they are written as they are. */
const written = <Message extends object>(name: string) => {
  const type = typeOf(name);
  return (message: Message): Buffer => type.encode(message).finish() as Buffer;
};

/** Of a request: a hundred checks with all that each may have. Nobody has shown who he is when a request is read. */
const REQUEST_FIELDS_MAX = 6_400;

/** `fieldsMax` absent: from whoever was asked. */
const read = <Wire, Message>(name: string, fromWire: (wire: Wire) => Message, fieldsMax = Infinity) => {
  const type = typeOf(name);
  return (bytes: Uint8Array): Received<Message> => {
    try {
      if (!hasFewFields(type, bytes, fieldsMax)) return MALFORMED;
      return fromWire(type.decode(bytes) as unknown as Wire);
    } catch {
      return MALFORMED;
    }
  };
};

/** Answers are most of what a node writes, and the general writer took as long for one as the rest of a check over a stream. */
const writer = new BackwardWriter();

const check: CheckMethod<CheckRequest, CheckResult> = {
  path: '/latchkey.enforcement.v1.Enforcement/Check',
  requestStream: false,
  responseStream: false,
  requestSerialize: written('CheckRequest'),
  requestDeserialize: read('CheckRequest', fromWireCheck, REQUEST_FIELDS_MAX),
  responseSerialize: (result) => writer.message(result, writeResult),
  responseDeserialize: read('CheckResponse', fromWireResult),
};

const batchCheck: CheckMethod<BatchCheckRequest, BatchCheckResponse> = {
  path: '/latchkey.enforcement.v1.Enforcement/BatchCheck',
  requestStream: false,
  responseStream: false,
  requestSerialize: written('BatchCheckRequest'),
  requestDeserialize: read(
    'BatchCheckRequest',
    ({ checks }: { readonly checks: readonly WireCheck[] }) => ({ checks: checks.map(fromWireCheck) }),
    REQUEST_FIELDS_MAX,
  ),
  responseSerialize: ({ results }) => writer.message(results, writeResults),
  responseDeserialize: read('BatchCheckResponse', ({ results }: { readonly results: readonly WireResult[] }) => ({
    results: results.map(fromWireResult),
  })),
};

function writeResults(into: BackwardWriter, results: readonly CheckResult[]): void {
  for (let index = results.length - 1; index >= 0; index -= 1) {
    const result = results[index];
    if (result) into.inner(1, result, writeResult);
  }
}

interface WireNumberedCheck {
  readonly id: number;
  readonly check: WireCheck | null;
}

interface WireAnswer {
  readonly id: number;
  readonly result: WireResult | null;
  readonly error: CheckError | null;
}

const checkStream: CheckMethod<StreamCheckRequest, StreamCheckResponse> = {
  path: '/latchkey.enforcement.v1.Enforcement/CheckStream',
  requestStream: true,
  responseStream: true,
  requestSerialize: written('StreamCheckRequest'),
  requestDeserialize: read(
    'StreamCheckRequest',
    ({ checks }: { readonly checks: readonly WireNumberedCheck[] }) => ({
      checks: checks.map(({ id, check }) => ({ id, check: check && fromWireCheck(check) })),
    }),
    REQUEST_FIELDS_MAX,
  ),
  responseSerialize: ({ answers }) => writer.message(answers, writeAnswers),
  responseDeserialize: read('StreamCheckResponse', ({ answers }: { readonly answers: readonly WireAnswer[] }) => ({
    answers: answers.map(fromWireAnswer),
  })),
};

/** In any order, so as it comes. */
function writeAnswers(into: BackwardWriter, answers: readonly NumberedAnswer[]): void {
  for (const answer of answers) into.inner(1, answer, writeAnswer);
}

function writeAnswer(into: BackwardWriter, answer: NumberedAnswer): void {
  if ('error' in answer) into.inner(3, answer.error, writeError);
  else into.inner(2, answer.result, writeResult);
  into.uint32(1, answer.id);
}

function writeError(into: BackwardWriter, { code, message }: CheckError): void {
  into.string(2, message);
  into.uint32(1, code);
}

function fromWireAnswer({ id, result, error }: WireAnswer): NumberedAnswer {
  if (result) return { id, result: fromWireResult(result) };
  if (error) return { id, error: { code: error.code, message: error.message } };
  throw new Error('neither a result nor an error');
}

/** Methods of `enforcement.proto`. Requests are written by the published file, and everything is read by it. */
export const enforcementProtocol = { Check: check, BatchCheck: batchCheck, CheckStream: checkStream };
