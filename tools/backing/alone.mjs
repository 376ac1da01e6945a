import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from './process.mjs';

/** Prints where a server is and its process id, and ends with it, or when whoever started this is gone (its stdin closes). */
export async function alone({ url, pid, stop }) {
  process.stdin.on('close', () => void stop().then(() => process.exit(0))).resume();
  process.stdout.write(`${JSON.stringify({ url, pid })}\n`);
  while (isAlive(pid)) await pause(50);
  process.exit(0);
}
