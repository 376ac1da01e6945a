import { status, type handleUnaryCall, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { isAppError } from '@latchkey/kernel';
import type { IdentityDirectory } from '@latchkey/contracts';
import path from 'node:path';

interface FirstWorkspaceReply {
  readonly workspace_id: string;
  readonly owner_id: string;
  readonly profile: string;
}

const protoFile = path.join(__dirname, '../../contracts/proto/identity.proto');

/** Read from the published proto file, so the two cannot drift apart. */
const definition = loadSync(protoFile, { keepCase: true })['latchkey.identity.v1.Directory'] as ServiceDefinition;

export interface DirectoryService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** Serves `identity.proto`, on the server of the owner protocol. */
export function grpcDirectory(directory: IdentityDirectory, onError: (error: unknown) => void): DirectoryService {
  const firstWorkspace: handleUnaryCall<object, FirstWorkspaceReply> = (_call, callback) => {
    directory.firstWorkspace().then(
      ({ workspaceId, ownerId, profile }) => callback(null, { workspace_id: workspaceId, owner_id: ownerId, profile }),
      (error: unknown) => {
        onError(error);
        const code = isAppError(error, 'service.unavailable') ? status.UNAVAILABLE : status.INTERNAL;
        callback({ code, details: 'the first workspace cannot be told' });
      },
    );
  };
  return { definition, implementation: { FirstWorkspace: firstWorkspace } };
}
