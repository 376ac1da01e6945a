import { Client, credentials, Metadata, type ChannelCredentials, type MethodDefinition } from '@grpc/grpc-js';
import { AppError } from '@latchkey/kernel';

export interface NeighbourCall {
  /** After this the call has failed, connecting included; in ms. */
  readonly deadlineMs: number;
  /** Waits within the deadline for a neighbour that cannot be reached. Absent: the call fails at once. */
  readonly waitForReady?: boolean;
}

/** Unary calls to another service of the installation. Every failure is `service.unavailable`. */
export class NeighbourClient {
  readonly #client: Client;

  /**
   * @param neighbour the service, by the name in its certificate, whatever its address is
   * @param address `host:port`
   * @param tls of the channel; absent: without TLS
   */
  constructor(
    private readonly neighbour: string,
    address: string,
    tls: ChannelCredentials = credentials.createInsecure(),
  ) {
    this.#client = new Client(address, tls, {
      'grpc.ssl_target_name_override': neighbour,
      // An `http_proxy` of the environment is not meant for neighbours.
      'grpc.enable_http_proxy': 0,
    });
  }

  ask<Request, Reply>(
    { path, requestSerialize, responseDeserialize }: MethodDefinition<Request, Reply>,
    request: Request,
    { deadlineMs, waitForReady = false }: NeighbourCall,
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata({ waitForReady }),
        { deadline: Date.now() + deadlineMs },
        (cause, reply) => {
          if (reply !== undefined) return resolve(reply);
          const internal = `${this.neighbour} did not answer ${path}`;
          reject(new AppError('service.unavailable', { internal, cause }));
        },
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}
