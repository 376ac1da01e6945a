import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';

/** Linux counts CPU time in hundredths of a second on every machine that Node runs on. */
const MICROS_PER_TICK = 10_000;

/** User and system time of a process so far, in µs. Null where there is no /proc. */
export function cpuMicros(pid: number): number | null {
  const stat = statOf(pid);
  return stat === null ? null : ticksIn(stat) * MICROS_PER_TICK;
}

/** Of all of them together. */
export const cpuMicrosOf = (pids: readonly number[]): number | null =>
  pids.map(cpuMicros).reduce((sum, each) => (sum === null || each === null ? null : sum + each), 0);

/** Fields 14 and 15 of proc(5). */
export function ticksIn(stat: string): number {
  const fields = fieldsOf(stat);
  return Number(fields[11]) + Number(fields[12]);
}

/** The process, and all that were started by it or by one of them. */
export function familyOf(pid: number): readonly number[] {
  const parents = new Map(pids().map((each) => [each, parentIn(statOf(each) ?? '')]));
  const family = [pid];
  for (const member of family) for (const [each, parent] of parents) if (parent === member) family.push(each);
  return family;
}

/** Whether there is such a process here, of this program. */
export const isNamed = (program: string, pid: number): boolean => nameIn(statOf(pid) ?? '') === program;

/** Field 2, in parentheses, which it may hold itself. */
export const nameIn = (stat: string): string => stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));

/** Field 4. */
const parentIn = (stat: string): number => Number(fieldsOf(stat)[1]);

/** From the third on: they are counted from behind the program's name, which may hold spaces and parentheses. */
const fieldsOf = (stat: string): readonly string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

function statOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
}

const pids = (): readonly number[] => readdirSync('/proc').map(Number).filter(Number.isInteger);

/** Whether processes can be kept on some of several cores here. */
export const canPin = (): boolean => os.cpus().length > 1 && taskset('-p', process.pid);

/** Keeps all threads of a process, and what it will start, on these cores: `0`, `1-3`. */
export const keepOn = (cores: string, pid: number): boolean => taskset('-acp', cores, pid);

const taskset = (...args: readonly (string | number)[]): boolean =>
  spawnSync('taskset', args.map(String), { stdio: 'ignore' }).status === 0;
