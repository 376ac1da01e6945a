import { Client, credentials, type ClientDuplexStream, type Metadata, type ServiceError } from '@grpc/grpc-js';
import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import {
  enforcementProtocol,
  type BatchCheckResponse,
  type CheckMethod,
  type NumberedAnswer,
  type NumberedCheck,
  type Received,
  type StreamCheckRequest,
  type StreamCheckResponse,
} from '@latchkey/contracts/grpc';

const DEADLINE_MS = 10_000;

export type StreamCall = ClientDuplexStream<StreamCheckRequest, Received<StreamCheckResponse>>;

/** How a stream ended, and what came over it. */
export interface StreamEnd {
  readonly code: number;
  readonly details: string;
}

/** A plain caller of `enforcement.proto`, which also sends what no good caller would. */
export class EnforcementClient {
  readonly client: Client;

  constructor(address: string) {
    this.client = new Client(address, credentials.createInsecure());
  }

  /** Rejects with grpc-js's `ServiceError`. */
  check(request: CheckRequest, metadata?: Metadata): Promise<CheckResult> {
    return this.#unary(enforcementProtocol.Check, request, metadata) as Promise<CheckResult>;
  }

  batch(checks: readonly CheckRequest[]): Promise<BatchCheckResponse> {
    return this.#unary(enforcementProtocol.BatchCheck, { checks }) as Promise<BatchCheckResponse>;
  }

  stream(metadata?: Metadata): StreamCall {
    const { path, requestSerialize, responseDeserialize } = enforcementProtocol.CheckStream;
    return metadata
      ? this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata)
      : this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  }

  /** Sends `messages` over one stream, closes its own half, and answers what came back, by id. */
  async streamed(...messages: readonly (readonly NumberedCheck[])[]): Promise<ReadonlyMap<number, NumberedAnswer>> {
    const call = this.stream();
    const answers = answersOf(call);
    const ended = endOf(call);
    for (const checks of messages) call.write({ checks });
    call.end();
    const { code, details } = await ended;
    if (code !== 0) throw new Error(`the stream ended with ${code}: ${details}`);
    return answers;
  }

  close(): void {
    this.client.close();
  }

  #unary<Request, Response>(
    method: CheckMethod<Request, Response>,
    request: Request,
    metadata?: Metadata,
  ): Promise<Received<Response>> {
    return new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = method;
      const done = (error: ServiceError | null, response?: Received<Response>) =>
        response === undefined ? reject(error ?? new Error('no answer')) : resolve(response);
      const options = { deadline: Date.now() + DEADLINE_MS };
      if (metadata) {
        this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, done);
      } else this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, options, done);
    });
  }
}

/** Filled as answers come. */
export function answersOf(call: StreamCall): Map<number, NumberedAnswer> {
  const all = new Map<number, NumberedAnswer>();
  call.on('data', ({ answers }: StreamCheckResponse) => answers.forEach((answer) => all.set(answer.id, answer)));
  return all;
}

export const endOf = (call: StreamCall): Promise<StreamEnd> =>
  new Promise((resolve) => {
    call.on('error', () => undefined);
    call.on('status', ({ code, details }) => resolve({ code, details }));
  });
