// Small pieces shared by everything here that starts programs.
import { execFile, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const accepts = (host, port, timeoutMs = 1_000) =>
  new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: timeoutMs });
    const answer = (value) => () => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', answer(true)).once('error', answer(false)).once('timeout', answer(false));
  });

export const onPath = async (program) =>
  run('sh', ['-c', `command -v ${program}`]).then(
    () => true,
    () => false,
  );

export const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Starts a program whose output goes to `logFile`; rejects with the end of that file when it ends before `ready()` is true. */
export async function startProgram(program, args, { logFile, ready, env = process.env, timeoutMs = 60_000 }) {
  const log = openSync(logFile, 'a');
  const child = spawn(program, args, { stdio: ['ignore', log, log], env });
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  let running = true;
  void ended.then(() => (running = false));
  const deadline = Date.now() + timeoutMs;
  while (!(await ready())) {
    if (!running || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${program} did not start:\n${readFileSync(logFile, 'utf8').slice(-2_000)}`);
    }
    await pause(100);
  }
  const stop = async () => {
    child.kill('SIGTERM');
    const hardStop = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(hardStop);
  };
  return { pid: child.pid, stop };
}
