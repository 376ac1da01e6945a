import {
  Client,
  connectivityState,
  credentials,
  Metadata,
  type ChannelCredentials,
  type ChannelOptions,
  type MethodDefinition,
} from '@grpc/grpc-js';
import { AppError } from '@latchkey/kernel';

export interface NeighbourOptions {
  /** By the name in its certificate, whatever its addresses are. */
  readonly service: string;
  /** `host:port` of each of its processes. It does not matter which of them answers. */
  readonly addresses: readonly string[];
  /** Of the channels; absent: without TLS. */
  readonly tls?: ChannelCredentials | undefined;
  readonly channel?: ChannelOptions;
}

export interface NeighbourCall {
  /** After this the call has failed, connecting included; in ms. */
  readonly deadlineMs: number;
  /** Waits within the deadline for a neighbour that cannot be reached. Absent: the call fails at once. */
  readonly waitForReady?: boolean;
}

const { READY, TRANSIENT_FAILURE } = connectivityState;

/**
 * Unary calls to another service of the installation, to its processes in turn: those that cannot be reached are passed over. No call is
 * made twice. Every failure is `service.unavailable`.
 */
export class NeighbourClient {
  readonly #service: string;
  readonly #clients: readonly Client[];
  #turn = 0;

  /** @throws RangeError without an address */
  constructor({ service, addresses, tls = credentials.createInsecure(), channel }: NeighbourOptions) {
    if (addresses.length === 0) throw new RangeError(`${service} needs the address of at least one process`);
    const options: ChannelOptions = {
      ...channel,
      'grpc.ssl_target_name_override': service,
      // An `http_proxy` of the environment is not meant for neighbours.
      'grpc.enable_http_proxy': 0,
    };
    this.#service = service;
    this.#clients = addresses.map((address) => new Client(address, tls, options));
  }

  ask<Request, Reply>(
    { path, requestSerialize, responseDeserialize }: MethodDefinition<Request, Reply>,
    request: Request,
    { deadlineMs, waitForReady = false }: NeighbourCall,
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#next().makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata({ waitForReady }),
        { deadline: Date.now() + deadlineMs },
        (cause, reply) => {
          if (reply !== undefined) resolve(reply);
          else reject(this.#unavailable(`did not answer ${path}`, cause));
        },
      );
    });
  }

  /** Resolves when one of its processes is connected. @throws AppError `service.unavailable` when none is by then */
  async ready(deadlineMs: number): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    const connected = (client: Client) =>
      new Promise<void>((resolve, reject) =>
        client.waitForReady(deadline, (error) => (error ? reject(error) : resolve())),
      );
    try {
      await Promise.any(this.#clients.map(connected));
    } catch (cause) {
      throw this.#unavailable('cannot be reached', cause);
    }
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  /** The next one that is connected; while none is, the next one that may be soon. Looking at them has all of them connect. */
  #next(): Client {
    this.#turn = (this.#turn + 1) % this.#clients.length;
    const inTurn = [...this.#clients.slice(this.#turn), ...this.#clients.slice(0, this.#turn)];
    const states = inTurn.map((client) => client.getChannel().getConnectivityState(true));
    const place = [states.indexOf(READY), states.findIndex((state) => state !== TRANSIENT_FAILURE)].find(
      (found) => found >= 0,
    );
    return inTurn[place ?? 0] as Client;
  }

  #unavailable(what: string, cause: unknown): AppError {
    return new AppError('service.unavailable', { internal: `${this.#service} ${what}`, cause });
  }
}
