import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { RelayLine, RelayTask } from './relay-process';

export interface SpawnedRelay {
  readonly lines: readonly RelayLine[];
  readonly positions: readonly number[];
  /** The last role it told. */
  readonly role: string | undefined;
  signal(name: NodeJS.Signals): void;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

const root = path.resolve(__dirname, '../../..');

/** A relay in a process of its own, so that it can be stopped and killed like one. */
export function spawnRelay(task: RelayTask): SpawnedRelay {
  const script = path.join(__dirname, 'relay-process.ts');
  const register = path.join(root, 'tools/swc/register.cjs');
  const child = spawn(process.execPath, ['-r', register, script, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: RelayLine[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as RelayLine));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    lines,
    get positions() {
      return lines.flatMap((line) => (line.what === 'published' ? [Number(line.position)] : []));
    },
    get role() {
      return lines.findLast((line) => line.what === 'role')?.role;
    },
    signal: (name) => void child.kill(name),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
