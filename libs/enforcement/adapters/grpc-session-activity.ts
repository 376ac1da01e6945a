import { Client, credentials, type ChannelCredentials, type MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { SessionActivity, SessionUse } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import path from 'node:path';

interface NoteRequest {
  readonly uses: readonly { readonly session_id: string; readonly at_ms: number }[];
}

const protoFile = path.join(__dirname, '../../contracts/proto/identity.proto');

/** Read from the published proto file, so the two cannot drift apart. */
const { Note } = loadSync(protoFile, { keepCase: true, longs: Number })[
  'latchkey.identity.v1.SessionActivity'
] as unknown as { readonly Note: MethodDefinition<NoteRequest, unknown> };

const DEADLINE_MS = 1_000;

/** Tells identity over gRPC. */
export class GrpcSessionActivity implements SessionActivity {
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

  note(uses: readonly SessionUse[]): Promise<void> {
    const request = { uses: uses.map(({ sessionId, atMs }) => ({ session_id: sessionId, at_ms: atMs })) };
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + DEADLINE_MS;
      this.#client.makeUnaryRequest(
        Note.path,
        Note.requestSerialize,
        Note.responseDeserialize,
        request,
        { deadline },
        (cause) => {
          if (cause) reject(new AppError('service.unavailable', { internal: 'identity took no uses', cause }));
          else resolve();
        },
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}
