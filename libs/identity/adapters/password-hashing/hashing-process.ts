import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { z } from 'zod';

/** `hash: null` asks for a new hash, else for what the password has to do with this one. */
export interface HashingJob {
  readonly password: string;
  readonly hash: string | null;
  readonly parameters: object;
}

const result = z.union([
  z.strictObject({ hash: z.string() }),
  z.strictObject({ matches: z.literal(false) }),
  z.strictObject({ matches: z.literal(true), rehashed: z.string().nullable() }),
]);
export type HashingResult = z.output<typeof result>;

const reply = z.union([z.strictObject({ id: z.int(), result }), z.strictObject({ id: z.int(), failed: z.string() })]);

interface Pending {
  resolve(this: void, value: HashingResult): void;
  reject(this: void, error: Error): void;
}

/** A hash takes a fraction of a second; on a machine that has no time left for it, some. */
const TIMEOUT_MS = 20_000;

/**
 * The hashing process: begun with the first job, and again with the next one after it has ended. Passwords reach it through its pipe and in
 * no other way.
 */
export class HashingProcess {
  #child: ChildProcess | undefined;
  #lastId = 0;
  readonly #pending = new Map<number, Pending>();

  /** @throws Error when the process ends before it has answered, or does not answer within 20 s */
  async run(job: HashingJob): Promise<HashingResult> {
    const child = (this.#child ??= this.#begin());
    const id = (this.#lastId += 1);
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    try {
      return await new Promise<HashingResult>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        child.send({ id, job }, (error) => error && reject(error));
      });
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /** For tests, which end it. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  #begin(): ChildProcess {
    const child = fork(path.join(__dirname, 'process.cjs'), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // Nothing of what the configuration holds.
      env: { PATH: process.env['PATH'] },
      execArgv: [],
      // In a session of its own, for its priority's sake. A Ctrl+C does not reach it there; its parent ends it when nobody waits any more.
      detached: true,
    });
    child.on('message', (message) => this.#settle(message));
    child.on('error', (error) => this.#lose(child, error));
    child.on('exit', (code, signal) => this.#lose(child, new Error(`the hashing process ended (${signal ?? code})`)));
    // It keeps nobody alive: who stops without waiting for it leaves it without a parent, and it ends.
    child.unref();
    child.channel?.unref();
    return child;
  }

  #settle(message: unknown): void {
    const answer = reply.parse(message);
    const pending = this.#pending.get(answer.id);
    if ('result' in answer) pending?.resolve(answer.result);
    else pending?.reject(new Error(`the hashing process failed: ${answer.failed}`));
  }

  #lose(child: ChildProcess, error: Error): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    for (const { reject } of this.#pending.values()) reject(error);
  }
}
