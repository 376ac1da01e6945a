import path from 'node:path';
import { Root } from 'protobufjs';
import type { CheckRequest, CheckResult } from '../check';
import { fromWireCheck, fromWireResult, toWireResult, type WireCheck, type WireResult } from './check-wire';

export interface BatchCheckRequest {
  readonly checks: readonly CheckRequest[];
}

export interface BatchCheckResponse {
  readonly results: readonly CheckResult[];
}

export interface StreamCheckRequest {
  readonly id: number;
  /** Null when the message had none. */
  readonly check: CheckRequest | null;
}

/** Why one check of a stream was not decided. */
export interface CheckError {
  /** A status code of gRPC. */
  readonly code: number;
  readonly message: string;
}

export type StreamCheckResponse =
  { readonly id: number; readonly result: CheckResult } | { readonly id: number; readonly error: CheckError };

/** What came is no message of the protocol. A value, as grpc-js would end the call with an error of our own where a codec throws. */
export const MALFORMED = Symbol('MALFORMED');
export type Received<Message> = Message | typeof MALFORMED;

/**
 * A method as grpc-js wants it. What is received has the shape of `check.ts`, but nobody has looked at its values yet.
 */
export interface CheckMethod<Request, Response> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => Received<Request>;
  readonly responseSerialize: (response: Response) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Received<Response>;
}

interface Codec<Message> {
  readonly write: (message: Message) => Buffer;
  readonly read: (bytes: Uint8Array) => Received<Message>;
}

const root = new Root().loadSync(path.join(__dirname, '../proto/enforcement.proto'), { keepCase: true });

/** Straight between bytes and our own types: the copies that generic codecs make would cost as much as the rest of a check over a stream. */
function codec<Message, Wire>(
  name: string,
  { toWire, fromWire }: { toWire: (message: Message) => object; fromWire: (wire: Wire) => Message },
): Codec<Message> {
  const type = root.lookupType(`latchkey.enforcement.v1.${name}`);
  return {
    write: (message) => type.encode(toWire(message)).finish() as Buffer,
    read: (bytes) => {
      try {
        return fromWire(type.decode(bytes) as unknown as Wire);
      } catch {
        return MALFORMED;
      }
    },
  };
}

const checkRequest = codec<CheckRequest, WireCheck>('CheckRequest', {
  toWire: (check) => check,
  fromWire: fromWireCheck,
});

const checkResponse = codec<CheckResult, WireResult>('CheckResponse', {
  toWire: toWireResult,
  fromWire: fromWireResult,
});

const batchCheckRequest = codec<BatchCheckRequest, { checks: WireCheck[] }>('BatchCheckRequest', {
  toWire: (batch) => batch,
  fromWire: ({ checks }) => ({ checks: checks.map(fromWireCheck) }),
});

const batchCheckResponse = codec<BatchCheckResponse, { results: WireResult[] }>('BatchCheckResponse', {
  toWire: ({ results }) => ({ results: results.map(toWireResult) }),
  fromWire: ({ results }) => ({ results: results.map(fromWireResult) }),
});

const streamCheckRequest = codec<StreamCheckRequest, { id: number; check: WireCheck | null }>('StreamCheckRequest', {
  toWire: (request) => request,
  fromWire: ({ id, check }) => ({ id, check: check && fromWireCheck(check) }),
});

interface WireAnswer {
  readonly id: number;
  readonly result: WireResult | null;
  readonly error: CheckError | null;
}

const streamCheckResponse = codec<StreamCheckResponse, WireAnswer>('StreamCheckResponse', {
  toWire: (answer) => ('error' in answer ? answer : { id: answer.id, result: toWireResult(answer.result) }),
  fromWire: ({ id, result, error }) => {
    if (result) return { id, result: fromWireResult(result) };
    if (error) return { id, error: { code: error.code, message: error.message } };
    throw new Error('neither a result nor an error');
  },
});

const method = <Request, Response>(
  name: string,
  request: Codec<Request>,
  response: Codec<Response>,
  stream = false,
): CheckMethod<Request, Response> => ({
  path: `/latchkey.enforcement.v1.Enforcement/${name}`,
  requestStream: stream,
  responseStream: stream,
  requestSerialize: request.write,
  requestDeserialize: request.read,
  responseSerialize: response.write,
  responseDeserialize: response.read,
});

/** Methods of `enforcement.proto`, read from the published file, so the two cannot drift apart. */
export const enforcementProtocol = {
  Check: method('Check', checkRequest, checkResponse),
  BatchCheck: method('BatchCheck', batchCheckRequest, batchCheckResponse),
  CheckStream: method('CheckStream', streamCheckRequest, streamCheckResponse, true),
};
