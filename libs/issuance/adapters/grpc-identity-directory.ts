import type { ChannelCredentials, MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { userId, workspaceId } from '@latchkey/kernel';
import type { FirstWorkspace, IdentityDirectory } from '@latchkey/contracts';
import { NeighbourClient } from '@latchkey/neighbour';
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
  readonly #identity: NeighbourClient;

  /**
   * @param addresses `host:port` of each process of identity
   * @param tls of the channel: the server must be identity by its certificate then
   */
  constructor(addresses: readonly string[], tls?: ChannelCredentials) {
    this.#identity = new NeighbourClient({ service: 'identity', addresses, tls });
  }

  async firstWorkspace(): Promise<FirstWorkspace> {
    const call = { deadlineMs: DEADLINE_MS, waitForReady: true };
    const reply = firstWorkspaceReply.parse(await this.#identity.ask(protocol.FirstWorkspace, {}, call));
    return { workspaceId: reply.workspace_id, ownerId: reply.owner_id, profile: reply.profile };
  }

  close(): void {
    this.#identity.close();
  }
}
