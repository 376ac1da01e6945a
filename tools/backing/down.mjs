// Ends what up.mjs left running.
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from './process.mjs';
import { readState } from './state.mjs';

const state = await readState();
if (state === undefined) {
  console.log('Nothing is running.');
} else {
  process.kill(state.pid, 'SIGTERM');
  while (isAlive(state.pid)) await pause(100);
  console.log('Stopped.');
}
