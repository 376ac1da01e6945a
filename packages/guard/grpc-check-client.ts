import type { ChannelCredentials } from '@grpc/grpc-js';
import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import type { CheckClient } from './check-client';
import { NodeStream } from './node-stream';

const TIMEOUT_MS = 2_000;
const IN_FLIGHT_MAX = 10_000;

export interface GrpcCheckClientOptions {
  /** For the whole check, however many nodes are tried; 2,000 ms when absent. */
  readonly timeoutMs?: number;
  /** Checks under way at one node; one more goes to the next. 10,000 when absent. */
  readonly inFlightMax?: number;
  /** Of grpc-js, such as `credentials.createSsl(…)`. None when absent: for nodes on this machine. */
  readonly credentials?: ChannelCredentials | undefined;
  /** The service token that it asks with, taken anew whenever a stream is opened. None for nodes that know it by its certificate, or on this machine. */
  readonly token?: (() => string) | undefined;
}

/**
 * Asks enforcement's nodes over gRPC in turn, over one stream each. A node that cannot be reached, ends its stream or keeps silent is
 * passed over within the same deadline, and left alone for a while, at most a second; asking twice is safe, as it errs towards counting
 * a call once too often. When no node answers, nobody passes.
 */
export class GrpcCheckClient implements CheckClient {
  readonly #nodes: readonly NodeStream[];
  readonly #timeoutMs: number;
  #turn = 0;

  /** `addresses`: one per node, such as `127.0.0.1:50051`. */
  constructor(addresses: readonly string[], options: GrpcCheckClientOptions = {}) {
    if (addresses.length === 0) throw new RangeError('a check client needs the address of at least one node');
    const { timeoutMs = TIMEOUT_MS, inFlightMax = IN_FLIGHT_MAX, ...rest } = options;
    this.#timeoutMs = timeoutMs;
    this.#nodes = addresses.map((address) => new NodeStream({ address, inFlightMax, ...rest }));
  }

  /** @throws AppError `auth.unavailable`: no node gave an answer that can be believed. */
  async check(request: CheckRequest): Promise<CheckResult> {
    const deadline = performance.now() + this.#timeoutMs;
    const first = this.#turn;
    this.#turn = (this.#turn + 1) % this.#nodes.length;
    let last: unknown;
    // Once more than there are nodes: the first may only have ended its stream, because it was started anew or wants a newer token.
    for (let attempt = 0; attempt <= this.#nodes.length; attempt += 1) {
      const node = this.#nodes[(first + attempt) % this.#nodes.length];
      const leftMs = deadline - performance.now();
      if (node === undefined || leftMs <= 0) break;
      try {
        // A silent node takes its share of the time only.
        return await node.ask(request, leftMs / Math.max(1, this.#nodes.length - attempt));
      } catch (error) {
        last = error;
      }
    }
    throw new AppError('auth.unavailable', {
      internal: 'no enforcement node gave an answer',
      retryAfterSeconds: 1,
      cause: last,
    });
  }

  /** Ends its streams. Until then they keep the process running. */
  close(): void {
    for (const node of this.#nodes) node.close();
  }
}
