// The process that owns the backing services. It ends with them on SIGTERM, and, with `--bound`, when whoever started it is gone:
// the starter holds the other end of its stdin, and that closes however the starter ends.
import { startServices } from './services.mjs';
import { removeState, writeState } from './state.mjs';

const bound = process.argv.includes('--bound');
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
process.stdout.on('error', () => undefined); // nobody listens any more

let ending = false;
async function end(code) {
  if (ending) return;
  ending = true;
  await services?.stop();
  await removeState(process.pid);
  process.exit(code);
}

let services;
try {
  services = await startServices((progress) => say({ progress }));
} catch (error) {
  say({ failed: error.message });
  process.exit(1);
}
process.on('SIGTERM', () => void end(0));
process.on('SIGINT', () => void end(0));
if (bound) process.stdin.on('close', () => void end(0)).resume();
await writeState({ pid: process.pid, addresses: services.addresses });
say({ addresses: services.addresses });
setInterval(() => undefined, 60_000); // stay
