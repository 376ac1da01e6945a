import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { eventually } from './eventually';

/** A server that a test may mistreat. */
export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  /** Of everything that it keeps and writes, until `stop`. */
  readonly folder: string;
  /** Of the process that runs now; another after `restart`. */
  readonly pid: number;
  /** Ends it without notice (SIGKILL), as a crash does. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Keeps its connections open and answers nothing (SIGSTOP). */
  pause(): void;
  resume(): void;
  /** Starts it again on the same port, after killing it where it still runs. */
  restart(): Promise<void>;
  /** Ends it for good and removes its files. */
  stop(): Promise<void>;
}

/** Below the ports that systems give to outgoing connections, and to whoever listens on port 0 (on Linux from 32768 on). */
const PORTS = { first: 10_000, last: 32_000 };
const TRIES = 100;

/**
 * A TCP port of the loopback that is free now, and that nobody is given by chance before it is used, or while its server is down.
 * @throws Error when none of a hundred was free
 */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = randomInt(PORTS.first, PORTS.last);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${TRIES} ports was free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}

/** Sends SIGKILL and waits till the process is gone. A process that is gone already is fine. */
export async function killHard(pid: number): Promise<void> {
  if (!signal(pid, 'SIGKILL')) return;
  await eventually(() => {
    if (signal(pid, 0)) throw new Error(`process ${pid} is still there`);
  });
}

/** Whether the signal reached a process. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

type Launch = () => Promise<{ readonly url: string; readonly pid: number }>;

export interface ServerOptions {
  readonly port: number;
  readonly folder: string;
  /** Starts it, and resolves when it answers. */
  readonly launch: Launch;
  /** After it was killed. As the first time, when absent. */
  readonly relaunch?: Launch;
}

/** A server that `launch` starts. */
export async function serverProcess({
  port,
  folder,
  launch,
  relaunch = launch,
}: ServerOptions): Promise<ServerProcess> {
  let running = await launch();
  const kill = () => killHard(running.pid);
  return {
    url: running.url,
    port,
    folder,
    get pid() {
      return running.pid;
    },
    kill,
    pause: () => void signal(running.pid, 'SIGSTOP'),
    resume: () => void signal(running.pid, 'SIGCONT'),
    async restart() {
      await kill();
      running = await relaunch();
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
