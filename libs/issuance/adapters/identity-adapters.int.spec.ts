import { Server, ServerCredentials, status, type handleUnaryCall, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { userId, workspaceId } from '@latchkey/kernel';
import path from 'node:path';
import { Identity } from '../testing/identity';
import { GrpcIdentityDirectory } from './grpc-identity-directory';
import { IdentityWorkspaces } from './identity-workspaces';

describe('the directory of identity over gRPC', () => {
  let server: Server;
  let directory: GrpcIdentityDirectory;
  let answer: Parameters<Parameters<handleUnaryCall<object, object>>[1]>;

  beforeAll(async () => {
    const proto = path.join(__dirname, '../../contracts/proto/identity.proto');
    const definition = loadSync(proto, { keepCase: true })['latchkey.identity.v1.Directory'] as ServiceDefinition;
    const firstWorkspace: handleUnaryCall<object, object> = (_call, callback) => callback(...answer);
    server = new Server();
    server.addService(definition, { FirstWorkspace: firstWorkspace });
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    directory = new GrpcIdentityDirectory([`127.0.0.1:${port}`]);
  });
  afterAll(() => {
    directory.close();
    server.forceShutdown();
  });

  it('tells the first workspace', async () => {
    answer = [null, { workspace_id: 'w', owner_id: 'u', profile: 's4e' }];
    expect(await directory.firstWorkspace()).toEqual({ workspaceId: 'w', ownerId: 'u', profile: 's4e' });
  });

  it.each([status.UNAVAILABLE, status.INTERNAL])('is not available when identity answers %i', async (code) => {
    answer = [{ code }];
    await expect(directory.firstWorkspace()).rejects.toMatchObject({ code: 'service.unavailable' });
  });

  it('takes no answer for one that says nothing', async () => {
    answer = [null, {}];
    await expect(directory.firstWorkspace()).rejects.toThrow();
  });
});

describe('what issuance knows of workspaces', () => {
  const identity = new Identity('s4e');
  const { workspaceId: first, ownerId } = identity.first;
  let asked = 0;
  const workspaces = new IdentityWorkspaces(identity, {
    read: (owner, subjects) => {
      asked += 1;
      return identity.read(owner, subjects);
    },
  });

  it('asks for the profile of a workspace once, as it never changes', async () => {
    expect((await workspaces.profileOf(first)).name).toBe('s4e');
    expect((await workspaces.profileOf(first)).name).toBe('s4e');
    expect(asked).toBe(1);
  });

  it('asks for a role each time, and gives none to strangers', async () => {
    expect((await workspaces.standingOf(first, ownerId)).member?.role).toBe('owner');
    expect((await workspaces.standingOf(first, userId('nobody'))).member).toBeUndefined();
    const elsewhere = identity.add('elsewhere', 's4e', userId('somebody'));
    expect((await workspaces.standingOf(elsewhere, ownerId)).member).toBeUndefined();
  });

  it('has no profile for a workspace that there is not', () =>
    expect(workspaces.profileOf(workspaceId('nowhere'))).rejects.toMatchObject({ code: 'service.internal' }));
});
