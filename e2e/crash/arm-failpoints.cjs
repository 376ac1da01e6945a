// Loaded into a service before its own code: does at a failpoint what a file in the service's data folder asks for, once, and renames
// the file: `.reached` before it does, `.over` after a pause. Content: { "does": "crash" | "error" | "pause", "ms": for a pause, "time": from 1, default 1 }.
const { readFileSync, renameSync } = require('node:fs');
const path = require('node:path');

const folder = path.join(process.env.LATCHKEY_DATA_DIR, 'failpoints');
const times = new Map();

globalThis[Symbol.for('latchkey.failpoints')] = (name) => {
  const file = path.join(folder, name);
  const order = read(file);
  if (order === undefined) return undefined;
  const time = (times.get(name) ?? 0) + 1;
  times.set(name, time);
  if (time < (order.time ?? 1)) return undefined;
  times.delete(name);
  renameSync(file, `${file}.reached`);
  if (order.does === 'crash') process.kill(process.pid, 'SIGKILL');
  if (order.does === 'error') return Promise.reject(new Error(`failpoint ${name}`));
  return new Promise((resolve) => setTimeout(resolve, order.ms)).then(() =>
    renameSync(`${file}.reached`, `${file}.over`),
  );
};

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
