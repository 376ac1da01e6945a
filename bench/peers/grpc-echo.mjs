// The floor of gRPC: grpc-js alone. It reads the same messages with proto-loader's codecs and answers what Latchkey answered to a check.
import path from 'node:path';
import { loadPackageDefinition, Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { options } from './serve.mjs';

const { proto, answer } = await options();
const definition = loadSync(path.resolve(proto), { keepCase: true });
const { Enforcement } = loadPackageDefinition(definition).latchkey.enforcement.v1;

const server = new Server();
server.addService(Enforcement.service, {
  Check: (_call, reply) => reply(null, answer),
  BatchCheck: ({ request }, reply) => reply(null, { results: request.checks.map(() => answer) }),
  CheckStream: (call) =>
    call
      .on('data', ({ checks }) => call.write({ answers: checks.map(({ id }) => ({ id, result: answer })) }))
      .on('end', () => call.end())
      .on('error', () => undefined),
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.once('disconnect', () => process.exit());
  process.send({ port });
});
