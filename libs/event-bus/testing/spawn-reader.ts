import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { ReaderLine, ReaderTask } from './reader-process';

export interface SpawnedReader {
  readonly lines: readonly ReaderLine[];
  /** Resolves with the signal that ended the process, `null` if it ended by itself. */
  readonly ended: Promise<NodeJS.Signals | null>;
  kill(): void;
}

const root = path.resolve(__dirname, '../../..');

/** A reader in a process of its own, so that it can be killed like one. */
export function spawnReader(task: ReaderTask): SpawnedReader {
  const script = path.join(__dirname, 'reader-process.ts');
  const child = spawn(
    process.execPath,
    ['-r', path.join(root, 'tools/swc/register.cjs'), script, JSON.stringify(task)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines: ReaderLine[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as ReaderLine));
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('close', (_code, signal) => resolve(signal)),
  );
  return { lines, ended, kill: () => void child.kill('SIGKILL') };
}
