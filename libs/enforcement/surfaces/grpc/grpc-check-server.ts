import { Server, ServerCredentials, type handleUnaryCall } from '@grpc/grpc-js';
import { checkBatchRequest, checkRequest } from '@latchkey/contracts';
import { enforcementProtocol, MALFORMED, type Received } from '@latchkey/contracts/grpc';
import { ConfigError, parseInput } from '@latchkey/platform';
import type { AdmittedCaller, Callers } from '../../application/callers';
import type { CheckAccess } from '../../application/check-access';
import { admitting, callerOf } from './admission';
import { GRPC_BOUNDS, type GrpcBounds } from './bounds';
import { NOT_A_MESSAGE, STOPPING } from './caller';
import { CheckStream, type CheckStreamCall } from './check-stream';
import { refusalOf } from './refusal-of';

export interface GrpcCheckServerOptions {
  readonly access: Pick<CheckAccess, 'checkFor'>;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly callers: Callers;
  /** Plain when absent. */
  readonly tls?: ServerCredentials | undefined;
  readonly bounds?: GrpcBounds | undefined;
  /** Told of every failure that is not the caller's fault. */
  readonly onError: (error: unknown) => void;
}

/** After this a connection that still has calls under way is cut. */
const DRAIN_MS = 5_000;

/** Serves `enforcement.proto`. */
export class GrpcCheckServer {
  /** What a service calls this address. */
  readonly name = 'grpc';
  readonly #server: Server;
  readonly #bounds: GrpcBounds;
  readonly #streams = new Set<CheckStream>();
  #stopping = false;

  constructor(private readonly options: GrpcCheckServerOptions) {
    const { access, bounds = GRPC_BOUNDS } = options;
    this.#bounds = bounds;
    this.#server = new Server({
      'grpc.max_receive_message_length': bounds.messageBytesMax,
      'grpc.max_concurrent_streams': bounds.callsMax,
      'grpc.max_connection_idle_ms': bounds.idleMs,
      interceptors: [admitting(options, bounds)],
    });
    this.#server.addService(enforcementProtocol, {
      Check: this.#unary((caller, request) => access.checkFor(caller, parseInput(checkRequest, request, 'check'))),
      BatchCheck: this.#unary(async (caller, request) => {
        const { checks } = parseInput(checkBatchRequest, request, 'batch');
        return { results: await Promise.all(checks.map((check) => access.checkFor(caller, check))) };
      }),
      CheckStream: this.#stream,
    });
  }

  /** Answers its address. @throws ConfigError when its port is taken */
  start(): Promise<string> {
    const { host, port, tls = ServerCredentials.createInsecure() } = this.options;
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`${host}:${port}`, tls, (error, bound) => {
        if (!error) resolve(`${host}:${bound}`);
        // grpc-js tells it in words only.
        else if (!error.message.includes('EADDRINUSE')) reject(error);
        else reject(new ConfigError([`GRPC_PORT: ${port} is in use by another process.`]));
      });
    });
  }

  /** Takes no new calls, answers every check that it has read, and ends the streams, so that their callers go elsewhere. */
  stop(): Promise<void> {
    this.#stopping = true;
    for (const stream of this.#streams) stream.finish();
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#server.forceShutdown(), DRAIN_MS);
      this.#server.tryShutdown(() => {
        clearTimeout(cut);
        resolve();
      });
    });
  }

  #unary<Request, Response>(answer: (caller: AdmittedCaller, request: Request) => Promise<Response>) {
    const handle: handleUnaryCall<Received<Request>, Response> = ({ metadata, request }, callback) => {
      if (request === MALFORMED) return callback(NOT_A_MESSAGE);
      const answered = async () => answer(callerOf(metadata), request);
      answered().then(
        (response) => callback(null, response),
        (error: unknown) => callback(refusalOf(error, this.options.onError)),
      );
    };
    return handle;
  }

  readonly #stream = (call: CheckStreamCall): void => {
    if (this.#stopping) {
      call.emit('error', STOPPING);
      return;
    }
    const stream = new CheckStream(call, this.options, this.#bounds.underWayMax);
    this.#streams.add(stream);
    call.once('close', () => this.#streams.delete(stream));
    stream.start();
  };
}
