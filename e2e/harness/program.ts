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
  /** `host:port` of its gRPC, where it serves that. */
  readonly grpcAddress: string;
  /** What it has written so far; the end of it when that is much. */
  output(): string;
  /** Asks it to end (SIGTERM), and waits. Answers its exit code. */
  stop(): Promise<number | null>;
}

type Variables = Readonly<Record<string, string>>;

/**
 * Starts a program of the built tree on a free port and waits till it is ready.
 * @throws Error with what it wrote, when it ends instead
 */
export async function startProgram(entry: string, variables: Variables): Promise<Program> {
  const port = await freePort();
  const grpcPort = await freePort();
  const { child, output } = run(entry, { PORT: String(port), GRPC_PORT: String(grpcPort), ...variables });
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady(child, url, output);
  } catch (error) {
    await end(child);
    throw error;
  }
  return { url, grpcAddress: `127.0.0.1:${grpcPort}`, output, stop: () => end(child) };
}

/** Runs a program that is expected to end by itself. */
export async function runProgram(
  entry: string,
  variables: Variables,
  args: readonly string[] = [],
): Promise<{ code: number | null; output: string }> {
  const { child, output } = run(entry, variables, args);
  const cut = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  await once(child, 'close');
  clearTimeout(cut);
  return { code: child.exitCode, output: output() };
}

/** Nothing of the developer's own settings reaches it. */
function run(entry: string, variables: Variables, args: readonly string[] = []) {
  const child = spawn(process.execPath, ['--enable-source-maps', path.join(builtTree, entry), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      HOST: '127.0.0.1',
      TRUSTED_PROXIES: '127.0.0.1',
      ...variables,
    },
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (written = (written + chunk.toString()).slice(-OUTPUT_KEPT)));
  }
  return { child, output: () => written };
}

async function untilReady(child: ChildProcess, url: string, output: () => string): Promise<void> {
  await eventually(
    async () => {
      if (hasEnded(child)) return;
      const { status, text } = await call(url, { path: '/readyz' });
      if (status !== 200) throw new Error(`not ready: ${text}\n${output()}`);
    },
    { timeoutMs: START_TIMEOUT_MS, everyMs: 50 },
  );
  if (hasEnded(child)) throw new Error(`it ended while starting:\n${output()}`);
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

async function end(child: ChildProcess): Promise<number | null> {
  if (hasEnded(child)) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const cut = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(cut);
  return child.exitCode;
}
