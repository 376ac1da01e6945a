// A process that holds Postgres for as long as its standard input stays open. It is in a process group of its own, so that Ctrl+C reaches
// the application first and the database only afterwards; and when the application is killed, the input closes and Postgres ends in order.
// The first line of the input is the password.
import { createInterface } from 'node:readline';
import { startPostgres } from './server.mjs';

const [folder] = process.argv.slice(2);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

try {
  const input = createInterface({ input: process.stdin });
  const closed = new Promise((resolve) => input.once('close', resolve));
  const password = await new Promise((resolve) => input.once('line', resolve));
  const server = await startPostgres({ folder, password, settings: ['max_connections=200'] });
  void closed.then(() => server.stop()).then(() => process.exit(0));
  say({ url: server.url });
} catch (error) {
  say({ failed: error.message });
  process.exit(1);
}
