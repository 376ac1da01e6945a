import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

export interface ProcessOptions {
  /** Of the service and its instance: `enforcement-2`. */
  readonly name: string;
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** Base address of its HTTP. */
  readonly url: string;
  /** Base address of its port for operators. */
  readonly adminUrl: string;
  /** `host:port` of its gRPC. */
  readonly grpcAddress: string;
  readonly onLine: (line: string) => void;
}

const readyMsMax = 60_000;
const readyzMsMax = 2_000;
const drainMsMax = 20_000;
const linesKept = 30;

/** A service in a process of its own, and in a process group of its own, so that Ctrl+C reaches it through its owner only. */
export class ServiceProcess {
  readonly name: string;
  readonly url: string;
  readonly adminUrl: string;
  readonly grpcAddress: string;
  #child: ChildProcess | undefined;

  constructor(private readonly options: ProcessOptions) {
    this.name = options.name;
    this.url = options.url;
    this.adminUrl = options.adminUrl;
    this.grpcAddress = options.grpcAddress;
  }

  /** @throws Error before the first `start` and once it ended. */
  get pid(): number {
    const { pid } = this.#running() ?? {};
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    return pid;
  }

  /** With `changes` in its variables. Resolves when `/readyz` says so. Rejects with its last lines when it ends before that, or after a minute. */
  async start(changes: Readonly<Record<string, string>> = {}): Promise<void> {
    const { program, onLine } = this.options;
    const env = { ...this.options.env, ...changes };
    const child = spawn(process.execPath, ['--enable-source-maps', program], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const lastLines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (lastLines.push(line) > linesKept) lastLines.shift();
        onLine(line);
      });
    }
    child.once('exit', (code, signal) => onLine(`ended (${signal ?? code})`));
    const deadline = Date.now() + readyMsMax;
    while (!(await this.#isReady())) {
      if (this.#running() === undefined || Date.now() > deadline) {
        await this.kill();
        throw new Error(`${this.name} did not become ready:\n${lastLines.join('\n')}`);
      }
      await pause(50);
    }
  }

  /** Asks it to end (SIGTERM) and waits; after 20 seconds it is killed. */
  async stop(): Promise<void> {
    const child = this.#running();
    if (child === undefined) return;
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    const hardStop = setTimeout(() => child.kill('SIGKILL'), drainMsMax);
    await ended;
    clearTimeout(hardStop);
  }

  /** Ends it without notice (SIGKILL). */
  async kill(): Promise<void> {
    const child = this.#running();
    if (child === undefined) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }

  /** Keeps its connections open and answers nothing (SIGSTOP). */
  pause(): void {
    this.#running()?.kill('SIGSTOP');
  }

  resume(): void {
    this.#running()?.kill('SIGCONT');
  }

  /** Starts it again on the same ports, after killing it where it still runs. */
  async restart(changes: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.kill();
    await this.start(changes);
  }

  #running(): ChildProcess | undefined {
    const child = this.#child;
    const ended = child === undefined || child.exitCode !== null || child.signalCode !== null;
    return ended ? undefined : child;
  }

  /** Whose certificate it shows is the business of those who tell it something. */
  #isReady(): Promise<boolean> {
    const ask = this.url.startsWith('https:') ? requestOverTls : request;
    return new Promise((resolve) => {
      const call = ask(`${this.url}/readyz`, { agent: false, timeout: readyzMsMax, rejectUnauthorized: false });
      call.once('response', (reply) => resolve(reply.resume().statusCode === 200));
      call.once('timeout', () => call.destroy());
      call.on('error', () => resolve(false));
      call.end();
    });
  }
}
