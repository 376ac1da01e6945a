import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;
const ROOT = path.resolve(__dirname, '../..');

/** The first run installs what is locked; the system's packages are asked for Python where there is none. */
export const PYTHON_MS_MAX = 900_000;

/** The interpreter of an environment that has what the list of `tools/python` names: the clients, if none is named. What is done to get it is shown. */
export async function pythonInterpreter(list = 'requirements'): Promise<string> {
  const making = run(process.execPath, [path.join(ROOT, 'tools/python/environment.mjs'), list], {
    timeout: PYTHON_MS_MAX,
  });
  making.child.stderr?.pipe(process.stderr, { end: false });
  return (await making).stdout.trim();
}

/** Runs a program of this folder: `given` goes to its standard input as JSON. Answers the JSON that it wrote. */
export async function runClient<Result>(interpreter: string, program: string, given: object): Promise<Result> {
  const running = run(interpreter, [path.join(__dirname, program)], {
    timeout: TIMEOUT_MS,
    env: { PATH: process.env['PATH'] },
  });
  running.child.stdin?.end(JSON.stringify(given));
  return JSON.parse((await running).stdout) as Result;
}
