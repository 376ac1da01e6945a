import { Client, credentials, Metadata, type ChannelCredentials, type MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { AppError, userId, workspaceId } from '@latchkey/kernel';
import type { FirstWorkspace, IdentityDirectory } from '@latchkey/contracts';
import path from 'node:path';
import { z } from 'zod';

interface DirectoryProtocol {
  readonly FirstWorkspace: MethodDefinition<object, unknown>;
}

const protoFile = path.join(__dirname, '../../contracts/proto/identity.proto');

/** Read from the published proto file, so the two cannot drift apart. */
const protocol = loadSync(protoFile, { keepCase: true, defaults: true })[
  'latchkey.identity.v1.Directory'
] as unknown as DirectoryProtocol;

const id = z.string().min(1).max(100);
const firstWorkspaceReply = z.object({
  workspace_id: id.transform(workspaceId),
  owner_id: id.transform(userId),
  profile: id,
});

const DEADLINE_MS = 2_000;

/** Asks identity over gRPC. */
export class GrpcIdentityDirectory implements IdentityDirectory {
  readonly #client: Client;

  /**
   * @param address `host:port`
   * @param tls of the channel: the server must be identity by its certificate then
   */
  constructor(address: string, tls: ChannelCredentials = credentials.createInsecure()) {
    this.#client = new Client(address, tls, {
      'grpc.ssl_target_name_override': 'identity',
      // Identity is a neighbour; an `http_proxy` of the environment is not meant for it.
      'grpc.enable_http_proxy': 0,
    });
  }

  async firstWorkspace(): Promise<FirstWorkspace> {
    const reply = firstWorkspaceReply.parse(await this.#ask());
    return { workspaceId: reply.workspace_id, ownerId: reply.owner_id, profile: reply.profile };
  }

  close(): void {
    this.#client.close();
  }

  #ask(): Promise<unknown> {
    const { path: method, requestSerialize, responseDeserialize } = protocol.FirstWorkspace;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method,
        requestSerialize,
        responseDeserialize,
        {},
        new Metadata({ waitForReady: true }),
        { deadline: Date.now() + DEADLINE_MS },
        (cause, reply) => {
          if (cause) reject(new AppError('service.unavailable', { internal: 'identity did not answer', cause }));
          else resolve(reply);
        },
      );
    });
  }
}
