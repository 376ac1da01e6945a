import type { ChannelCredentials } from '@grpc/grpc-js';
import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import type { CheckClient } from './check-client';
import { NodeStream } from './node-stream';
import { NodesInTurn } from './nodes-in-turn';

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
  readonly #nodes: NodesInTurn<NodeStream>;

  /** `addresses`: one per node, such as `127.0.0.1:50051`. */
  constructor(addresses: readonly string[], options: GrpcCheckClientOptions = {}) {
    const { timeoutMs = TIMEOUT_MS, inFlightMax = IN_FLIGHT_MAX, ...rest } = options;
    const nodes = addresses.map((address) => new NodeStream({ address, inFlightMax, ...rest }));
    // Once more than there are nodes: the first may only have ended its stream, because it was started anew or wants a newer token.
    this.#nodes = new NodesInTurn(nodes, timeoutMs, nodes.length + 1);
  }

  /** @throws AppError `auth.unavailable`: no node gave an answer that can be believed. */
  check(request: CheckRequest): Promise<CheckResult> {
    return this.#nodes.ask((node, timeoutMs) => node.ask(request, timeoutMs));
  }

  /** Ends its streams. Until then they keep the process running. */
  close(): void {
    for (const node of this.#nodes.nodes) node.close();
  }
}
