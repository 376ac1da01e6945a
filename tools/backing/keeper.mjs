// The process that owns the backing services. It ends with them on SIGTERM, and, with `--bound`, when whoever started it is gone:
// the starter holds the other end of its stdin, and that closes however the starter ends. Bound services are nobody else's to use,
// so only the others are written down.
import { startServices } from './services.mjs';
import { removeState, writeState } from './state.mjs';

const bound = process.argv.includes('--bound');
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
process.stdout.on('error', () => undefined); // nobody listens any more

const starting = startServices((progress) => say({ progress }));
let ending = false;
async function end() {
  if (ending) return;
  ending = true;
  await starting.then((services) => services.stop()).catch(() => undefined);
  if (!bound) await removeState(process.pid);
  process.exit(0);
}
process.on('SIGTERM', () => void end());
process.on('SIGINT', () => void end());
if (bound) process.stdin.on('close', () => void end()).resume();

try {
  const { addresses } = await starting;
  if (!bound) await writeState({ pid: process.pid, addresses });
  say({ addresses });
} catch (error) {
  say({ failed: error.message });
  process.exit(1);
}
setInterval(() => undefined, 60_000); // stay
