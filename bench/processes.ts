import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second on every machine that Node runs on. */
const MICROS_PER_TICK = 10_000;

/** User and system time of a process so far, in µs. Null where there is no /proc. */
export function cpuMicros(pid: number): number | null {
  try {
    return ticksIn(readFileSync(`/proc/${pid}/stat`, 'utf8')) * MICROS_PER_TICK;
  } catch {
    return null;
  }
}

/** Fields 14 and 15 (proc(5)); they are counted from behind the program's name, which may hold spaces and parentheses. */
export function ticksIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Keeps all threads of a server on the first core, away from the load and the backing services. */
export function pinToFirstCore(pid: number): void {
  spawnSync('taskset', ['-acp', '0', String(pid)], { stdio: 'ignore' });
}
