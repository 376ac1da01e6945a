import { Client, credentials, type MethodDefinition } from '@grpc/grpc-js';
import { GrpcOwnerServer, type NeighbourService } from '@latchkey/live-state';

/** A service of identity's on the address of the owner protocol, and somebody who calls it. */
export class GrpcNeighbour {
  private constructor(
    private readonly service: NeighbourService,
    private readonly server: GrpcOwnerServer,
    private readonly client: Client,
  ) {}

  static async start(service: NeighbourService): Promise<GrpcNeighbour> {
    const server = new GrpcOwnerServer({
      owner: 'identity',
      host: '127.0.0.1',
      port: 0,
      subjects: { read: () => Promise.resolve([]) },
      also: [service],
      onError: () => undefined,
    });
    return new GrpcNeighbour(service, server, new Client(await server.start(), credentials.createInsecure()));
  }

  /** Rejects with the status of a refusal. */
  ask(method: string, request: object): Promise<unknown> {
    const { path, requestSerialize, responseDeserialize } = this.service.definition[method] as MethodDefinition<
      object,
      unknown
    >;
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, reply) =>
        error ? reject(error) : resolve(reply),
      );
    });
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.server.stop();
  }
}
