import { Client, credentials, status, type MethodDefinition } from '@grpc/grpc-js';
import type { FirstWorkspace, IdentityDirectory } from '@latchkey/contracts';
import { AppError, userId, workspaceId } from '@latchkey/kernel';
import { GrpcOwnerServer } from '@latchkey/live-state';
import { grpcDirectory } from './grpc-directory';

describe('the directory over gRPC', () => {
  let answer: () => Promise<FirstWorkspace>;
  const failures: unknown[] = [];
  const directory: IdentityDirectory = { firstWorkspace: () => answer() };
  const service = grpcDirectory(directory, (error) => failures.push(error));
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

  const ask = () =>
    new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = service.definition['FirstWorkspace'] as MethodDefinition<
        object,
        unknown
      >;
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, (error, reply) =>
        error ? reject(error) : resolve(reply),
      );
    });

  it('tells the first workspace, on the address of the owner protocol', async () => {
    answer = async () => ({ workspaceId: workspaceId('w'), ownerId: userId('u'), profile: 's4e' });
    expect(await ask()).toEqual({ workspace_id: 'w', owner_id: 'u', profile: 's4e' });
  });

  it('says "not now" while there is none, and nothing about why', async () => {
    answer = () => Promise.reject(new AppError('service.unavailable', { internal: 'password=hunter2' }));
    await expect(ask()).rejects.toMatchObject({ code: status.UNAVAILABLE });
    answer = () => Promise.reject(new Error('hunter2'));
    const refusal = await ask().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: status.INTERNAL });
    expect(String(refusal)).not.toContain('hunter2');
    expect(failures).toHaveLength(2);
  });
});
