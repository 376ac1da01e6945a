import type { ChannelCredentials, MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { SessionActivity, SessionUse } from '@latchkey/contracts';
import { NeighbourClient } from '@latchkey/neighbour';
import path from 'node:path';

interface NoteRequest {
  readonly uses: readonly { readonly session_id: string; readonly at_ms: number }[];
}

const protoFile = path.join(__dirname, '../../contracts/proto/identity.proto');

/** Read from the published proto file, so the two cannot drift apart. */
const { Note } = loadSync(protoFile, { keepCase: true, longs: Number })[
  'latchkey.identity.v1.SessionActivity'
] as unknown as { readonly Note: MethodDefinition<NoteRequest, object> };

const DEADLINE_MS = 1_000;

/** Tells identity over gRPC. */
export class GrpcSessionActivity implements SessionActivity {
  readonly #identity: NeighbourClient;

  /**
   * @param addresses `host:port` of each process of identity
   * @param tls of the channel: the server must be identity by its certificate then
   */
  constructor(addresses: readonly string[], tls?: ChannelCredentials) {
    this.#identity = new NeighbourClient({ service: 'identity', addresses, tls });
  }

  async note(uses: readonly SessionUse[]): Promise<void> {
    const request = { uses: uses.map(({ sessionId, atMs }) => ({ session_id: sessionId, at_ms: atMs })) };
    await this.#identity.ask(Note, request, { deadlineMs: DEADLINE_MS });
  }

  close(): void {
    this.#identity.close();
  }
}
