import { Server, ServerCredentials, status, type ServerDuplexStream } from '@grpc/grpc-js';
import type { CheckRequest, CheckResult } from '@latchkey/contracts';
import { enforcementProtocol, type StreamCheckRequest, type StreamCheckResponse } from '@latchkey/contracts/grpc';

export type NodeCall = ServerDuplexStream<StreamCheckRequest, StreamCheckResponse>;

/** A node of enforcement that does with a stream what a test wants. Answers its address. */
export async function grpcNode(onStream: (call: NodeCall) => void, at = '127.0.0.1:0') {
  const server = new Server();
  server.addService(enforcementProtocol, { CheckStream: onStream });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(at, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    stop: () => Promise.resolve(server.forceShutdown()),
  };
}

/** Answers every check; a failure is told in its place. */
export const answeringStreams =
  (answer: (request: CheckRequest) => Promise<CheckResult>) =>
  (call: NodeCall): void => {
    call.on('data', ({ checks }: StreamCheckRequest) => {
      for (const { id, check } of checks) {
        if (check === null) continue;
        answer(check).then(
          (result) => call.write({ answers: [{ id, result }] }),
          () => call.write({ answers: [{ id, error: { code: status.INTERNAL, message: 'failed' } }] }),
        );
      }
    });
    call.on('end', () => call.end());
  };
