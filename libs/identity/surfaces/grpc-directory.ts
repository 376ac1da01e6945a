import { status, type handleUnaryCall, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { isAppError } from '@latchkey/kernel';
import type { NeighbourService } from '@latchkey/live-state';
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

/** Issuance alone begins with the first workspace. */
const CLIENTS = ['issuance'];

/** Serves `identity.proto`, on the server of the owner protocol. */
export function grpcDirectory(directory: IdentityDirectory, onError: (error: unknown) => void): NeighbourService {
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
  return { definition, implementation: { FirstWorkspace: firstWorkspace }, clients: CLIENTS };
}
