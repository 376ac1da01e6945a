// Where a second start finds the services that run already.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { answer } from './services.mjs';
import { isAlive } from './process.mjs';

const file = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../.latchkey/backing/state.json');

export async function readState() {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const state = JSON.parse(text);
  return isAlive(state.pid) && (await answer(state.addresses)) ? state : undefined;
}

export async function writeState(state) {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(state), { mode: 0o600 });
}

/** Only the state of this very keeper: another may have written its own since. */
export async function removeState(pid) {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined && JSON.parse(text).pid === pid) await rm(file, { force: true });
}
