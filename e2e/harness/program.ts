import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { eventually, freePort } from '@latchkey/testing';
import { call } from './http';

export const builtTree = path.resolve(__dirname, '../../dist');

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const OUTPUT_KEPT = 10_000;

export interface Program {
  readonly url: string;
  /** Asks it to end, and waits. */
  stop(): Promise<void>;
}

/**
 * Starts a program of the built tree on a free port and waits till it is ready. Nothing of the developer's own settings reaches it.
 * @throws Error with what it wrote, when it ends instead
 */
export async function startProgram(entry: string, variables: Readonly<Record<string, string>>): Promise<Program> {
  const port = await freePort();
  const child = spawn(process.execPath, ['--enable-source-maps', path.join(builtTree, entry)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      HOST: '127.0.0.1',
      PORT: String(port),
      TRUSTED_PROXIES: '127.0.0.1',
      ...variables,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady(child, url);
  } catch (error) {
    await end(child);
    throw error;
  }
  return { url, stop: () => end(child) };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-OUTPUT_KEPT)));
  }
  await eventually(
    async () => {
      if (hasEnded(child)) return;
      const { status, text } = await call(url, { path: '/readyz' });
      if (status !== 200) throw new Error(`not ready: ${text}\n${output}`);
    },
    { timeoutMs: START_TIMEOUT_MS, everyMs: 100 },
  );
  if (hasEnded(child)) throw new Error(`it ended while starting:\n${output}`);
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const cut = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(cut);
}
