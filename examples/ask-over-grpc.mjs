// May this key pass? Asked over gRPC with nothing but the published proto file.
//   node examples/ask-over-grpc.mjs <key> [scope] [host:port]
import path from 'node:path';
import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const [credential = '', scope = 'assets:read', address = '127.0.0.1:50051'] = process.argv.slice(2);
const proto = path.join(import.meta.dirname, '../libs/contracts/proto/enforcement.proto');
const { Enforcement } = loadPackageDefinition(loadSync(proto, { keepCase: true })).latchkey.enforcement.v1;
const client = new Enforcement(address, credentials.createInsecure());
const check = { credential, scopes: [scope], method: 'GET', path: '/api/assets' };

/** Without an answer nobody passes. */
function refusal({ message, details }) {
  process.exitCode = 1;
  return `let nobody pass: ${details ?? message}`;
}

// One check.
client.Check(check, { deadline: Date.now() + 2_000 }, (error, answer) => {
  console.log('Check      ', error ? refusal(error) : (answer.reason ?? 'allowed'));
});

// A batch: answers in the order of the checks.
client.BatchCheck({ checks: [check, { credential: '' }] }, { deadline: Date.now() + 2_000 }, (error, batch) => {
  const answers = batch?.results.map(({ reason }) => reason ?? 'allowed');
  console.log('BatchCheck ', error ? refusal(error) : answers.join(', '));
});

// A stream: each check has a number, and answers come in any order.
const stream = client.CheckStream();
stream.on('data', ({ answers }) => {
  for (const { id, result, error } of answers) {
    console.log('CheckStream', id, error ? refusal(error) : (result.reason ?? 'allowed'));
  }
});
stream.on('error', (error) => console.log('CheckStream', refusal(error)));
stream.on('end', () => client.close());
stream.write({
  checks: [
    { id: 1, check },
    { id: 2, check: { ...check, scopes: ['audit:read'] } },
  ],
});
stream.end();
