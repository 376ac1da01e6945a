import { status, type handleUnaryCall, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { sessionId } from '@latchkey/kernel';
import type { SessionActivity } from '@latchkey/contracts';
import type { NeighbourService } from '@latchkey/live-state';
import path from 'node:path';
import { z } from 'zod';

const protoFile = path.join(__dirname, '../../contracts/proto/identity.proto');

/** Read from the published proto file, so the two cannot drift apart. */
const definition = loadSync(protoFile, { keepCase: true, defaults: true, longs: Number })[
  'latchkey.identity.v1.SessionActivity'
] as ServiceDefinition;

const CLIENTS = ['enforcement'];
const USES_MAX = 1_000;

const noteRequest = z.object({
  uses: z
    .array(
      z.object({ session_id: z.string().min(1).max(100).transform(sessionId), at_ms: z.int().min(0).max(8.64e15) }),
    )
    .max(USES_MAX),
});

/** Serves `SessionActivity` of `identity.proto`, on the server of the owner protocol. */
export function grpcSessionActivity(activity: SessionActivity, onError: (error: unknown) => void): NeighbourService {
  const note: handleUnaryCall<unknown, object> = ({ request }, callback) => {
    const read = noteRequest.safeParse(request);
    if (!read.success) return callback({ code: status.INVALID_ARGUMENT, details: 'not a list of uses' });
    activity.note(read.data.uses.map(({ session_id, at_ms }) => ({ sessionId: session_id, atMs: at_ms }))).then(
      () => callback(null, {}),
      (error: unknown) => {
        onError(error);
        callback({ code: status.UNAVAILABLE, details: 'not noted' });
      },
    );
  };
  return { definition, implementation: { Note: note }, clients: CLIENTS };
}
