import {
  Client,
  credentials as channelCredentials,
  Metadata,
  type ChannelCredentials,
  type ChannelOptions,
  type ClientDuplexStream,
  type StatusObject,
} from '@grpc/grpc-js';
import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import {
  enforcementProtocol,
  MALFORMED,
  type NumberedAnswer,
  type NumberedCheck,
  type Received,
  type StreamCheckRequest,
  type StreamCheckResponse,
} from '@latchkey/contracts/grpc';
import { parseCheckResult } from './check-result';

export interface NodeStreamOptions {
  /** `host:port`. */
  readonly address: string;
  readonly inFlightMax: number;
  readonly credentials?: ChannelCredentials | undefined;
  readonly token?: (() => string) | undefined;
}

type Call = ClientDuplexStream<StreamCheckRequest, Received<StreamCheckResponse>>;

interface Waiting {
  readonly resolve: (result: CheckResult) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
  readonly askedAt: number;
}

/** As `enforcement.proto` says. */
const MESSAGE_CHECKS_MAX = 100;
const PAUSE_MS = 50;
const PAUSE_MS_MAX = 1_000;

/** A node that restarts must be found again within a second: until then its checks go elsewhere, or are refused. */
const channelOptions: ChannelOptions = {
  'grpc.initial_reconnect_backoff_ms': PAUSE_MS,
  'grpc.max_reconnect_backoff_ms': PAUSE_MS_MAX,
  'grpc.keepalive_time_ms': 2_000,
  'grpc.keepalive_timeout_ms': 1_000,
  'grpc.enable_retries': 0,
  // Nodes are neighbours; an `http_proxy` of the environment is not meant for them.
  'grpc.enable_http_proxy': 0,
  // A hundred answers, with the assets that each key may touch.
  'grpc.max_receive_message_length': 67_108_864,
};

/** One node, asked over one stream that is opened when there is something to ask. */
export class NodeStream {
  readonly #client: Client;
  readonly #waiting = new Map<number, Waiting>();
  #call: Call | undefined;
  #unsent: NumberedCheck[] = [];
  #lastId = 0;
  #answeredAt = 0;
  /** In a row. */
  #failures = 0;
  #notBefore = 0;
  #closed = false;

  constructor(private readonly options: NodeStreamOptions) {
    const { address, credentials = channelCredentials.createInsecure() } = options;
    this.#client = new Client(address, credentials, channelOptions);
  }

  /** Rejects when the node gives no answer that can be believed, for whatever reason: then another one should be asked. */
  ask(request: CheckRequest, timeoutMs: number): Promise<CheckResult> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.size >= this.options.inFlightMax) throw this.#error('has too many checks under way');
      this.#call ??= this.#open();
      const id = (this.#lastId = (this.#lastId + 1) >>> 0);
      const timer = setTimeout(() => this.#late(id), timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer, askedAt: performance.now() });
      // What is asked in one turn of the event loop goes in one message.
      if (this.#unsent.push({ id, check: request }) === 1) setImmediate(() => this.#send());
    });
  }

  close(): void {
    this.#closed = true;
    this.#drop(this.#error('is not asked any more'));
    this.#client.close();
  }

  #open(): Call {
    if (this.#closed || performance.now() < this.#notBefore) throw this.#error('is not asked for now');
    const { path, requestSerialize, responseDeserialize } = enforcementProtocol.CheckStream;
    const metadata = new Metadata();
    if (this.options.token) metadata.set('authorization', `Bearer ${this.options.token()}`);
    const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    call.on('data', (response: Received<StreamCheckResponse>) => {
      if (call === this.#call) this.#receive(response);
    });
    call.on('status', (status: StatusObject) => {
      if (call === this.#call) this.#ended(`ended its stream with ${status.code}: ${status.details}`);
    });
    // Told as `status` too; without a listener it would end the process.
    call.on('error', () => undefined);
    return call;
  }

  #send(): void {
    const checks = this.#unsent;
    this.#unsent = [];
    for (let from = 0; from < checks.length; from += MESSAGE_CHECKS_MAX) {
      this.#call?.write({ checks: checks.slice(from, from + MESSAGE_CHECKS_MAX) });
    }
  }

  #receive(response: Received<StreamCheckResponse>): void {
    if (response === MALFORMED) {
      this.#failed('sent what is no message of the protocol');
      return;
    }
    this.#answeredAt = performance.now();
    for (const answer of response.answers) this.#settle(answer);
  }

  #settle(answer: NumberedAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    clearTimeout(waiting.timer);
    if ('error' in answer) {
      waiting.reject(this.#error(`answered ${answer.error.code}`));
      return;
    }
    try {
      waiting.resolve(parseCheckResult(answer.result));
      this.#failures = 0;
    } catch (cause) {
      waiting.reject(this.#error('gave an answer that cannot be believed', cause));
    }
  }

  #late(id: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    waiting.reject(this.#error('did not answer in time'));
    if (this.#answeredAt < waiting.askedAt) this.#failed('has answered nothing since');
  }

  /** A stream that has served its time may be opened anew at once; one that never did is a failure. */
  #ended(how: string): void {
    if (this.#failures === 0 && this.#answeredAt > 0) {
      this.#answeredAt = 0;
      this.#drop(this.#error(how));
    } else this.#failed(how);
  }

  /** Leaves the node alone for a while, so that one that fails is not kept busy with streams. */
  #failed(how: string): void {
    this.#notBefore = performance.now() + Math.min(PAUSE_MS * 2 ** this.#failures, PAUSE_MS_MAX);
    this.#failures += 1;
    this.#answeredAt = 0;
    this.#drop(this.#error(how));
  }

  /** Gives the stream up. What waits for it is rejected, to be asked elsewhere. */
  #drop(error: Error): void {
    const call = this.#call;
    this.#call = undefined;
    this.#unsent = [];
    call?.cancel();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject, timer } of waiting) {
      clearTimeout(timer);
      reject(error);
    }
  }

  #error(what: string, cause?: unknown): Error {
    return new Error(`node ${this.options.address} ${what}`, { cause });
  }
}
