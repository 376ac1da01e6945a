// Runs a program that may hang.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from './backing/process.mjs';
import { root } from './install.mjs';

/** For what is asked to end, before it is killed. */
const endMs = 10_000;

/**
 * Whether this program of Node ended with 0. After `timeoutMs` it is ended, with all that it has started: services have process groups of
 * their own, and would go on without it.
 */
export function run(args, { timeoutMs, env = process.env }) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env });
  let ending = Promise.resolve();
  const overdue = setTimeout(() => (ending = endAll(familyOf(child.pid))), timeoutMs);
  return new Promise((resolve) => {
    child.once('exit', (code) => {
      clearTimeout(overdue);
      void ending.finally(() => resolve(code === 0));
    });
  });
}

async function endAll(pids) {
  signal(pids, 'SIGTERM');
  const deadline = Date.now() + endMs;
  while (pids.some(isAlive) && Date.now() < deadline) await pause(100);
  signal(pids, 'SIGKILL');
}

function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // it has ended meanwhile
    }
  }
}

/** The process, all that it has started, and what they have. It alone where there is no /proc. */
function familyOf(pid) {
  const parents = new Map(processes().map((each) => [each, parentOf(each)]));
  const family = [pid];
  for (const member of family) for (const [each, parent] of parents) if (parent === member) family.push(each);
  return family;
}

function processes() {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** The fourth field of proc(5): they are counted from behind the program's name, which may hold spaces and parentheses. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null; // it has ended meanwhile
  }
}
