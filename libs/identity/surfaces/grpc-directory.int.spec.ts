import { status } from '@grpc/grpc-js';
import type { FirstWorkspace } from '@latchkey/contracts';
import { AppError, userId, workspaceId } from '@latchkey/kernel';
import { GrpcNeighbour } from '../testing/grpc-neighbour';
import { grpcDirectory } from './grpc-directory';

describe('the directory over gRPC', () => {
  let answer: () => Promise<FirstWorkspace>;
  const failures: unknown[] = [];
  let neighbour: GrpcNeighbour;
  beforeAll(async () => {
    const directory = { firstWorkspace: () => answer() };
    neighbour = await GrpcNeighbour.start(grpcDirectory(directory, (error) => failures.push(error)));
  });
  afterAll(() => neighbour.stop());

  const ask = () => neighbour.ask('FirstWorkspace', {});

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
