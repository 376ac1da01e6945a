import { Client, credentials, status, type MethodDefinition } from '@grpc/grpc-js';
import type { SessionUse } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import { GrpcOwnerServer } from '@latchkey/live-state';
import { grpcSessionActivity } from './grpc-session-activity';

describe('uses of sessions over gRPC', () => {
  const noted: (readonly SessionUse[])[] = [];
  const failures: unknown[] = [];
  let note: (uses: readonly SessionUse[]) => Promise<void>;
  const service = grpcSessionActivity({ note: (uses) => note(uses) }, (error) => failures.push(error));
  let server: GrpcOwnerServer;
  let client: Client;

  beforeAll(async () => {
    server = new GrpcOwnerServer({
      owner: 'identity',
      host: '127.0.0.1',
      port: 0,
      subjects: { read: () => Promise.resolve([]) },
      also: [service],
      onError: (error) => failures.push(error),
    });
    client = new Client(await server.start(), credentials.createInsecure());
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });
  beforeEach(() => {
    note = async (uses) => void noted.push(uses);
  });

  const tell = (uses: readonly object[]) =>
    new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = service.definition['Note'] as MethodDefinition<
        object,
        unknown
      >;
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { uses }, (error, reply) =>
        error ? reject(error) : resolve(reply),
      );
    });

  it('are noted as they were told', async () => {
    await tell([{ session_id: 's1', at_ms: 1_777_377_600_123 }]);
    expect(noted).toEqual([[{ sessionId: 's1', atMs: 1_777_377_600_123 }]]);
  });

  it('are refused when they are more than a list of a thousand, or name no session', async () => {
    const use = { session_id: 's1', at_ms: 1 };
    for (const uses of [Array.from({ length: 1_001 }, () => use), [{ at_ms: 1 }]]) {
      await expect(tell(uses)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    }
  });

  it('that cannot be noted are told so, and nothing about why', async () => {
    note = () => Promise.reject(new AppError('service.unavailable', { internal: 'password=hunter2' }));
    const refusal = await tell([]).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: status.UNAVAILABLE });
    expect([String(refusal).includes('hunter2'), failures.length]).toEqual([false, 1]);
  });
});
