import { randomBytes } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { startFilledLatchkey, type FilledLatchkey } from './contenders/keys';
import { startLatchkey, type Latchkey, type SigningAlgorithm } from './contenders/latchkey';
import { familyOf, keepOn } from './processes';

export interface WorldOptions {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly kafkaBrokers: readonly string[];
  /** Of the working copy. */
  readonly root: string;
  /** Whether cores can be shared out. */
  readonly pinned: boolean;
  /** Folder for profiles; null: none are made. */
  readonly profileFolder: string | null;
  /** How many keys take turns. */
  readonly keys: number;
  /** How many there are where lists are measured. */
  readonly listedKeys: number;
}

/**
 * `server-alone`: the server that is measured has the first core, and everything else the others. `two-cores`: everything is on the first
 * two, and the system decides.
 */
export type Cores = 'server-alone' | 'two-cores';

/** What benchmarks share, and what is to be ended after them. */
export class World {
  readonly redisUrl: string;
  readonly kafkaBrokers: readonly string[];
  readonly root: string;
  readonly keys: number;
  readonly listedKeys: number;
  readonly pinned: boolean;
  readonly #ends: (() => unknown)[] = [];
  #cores: Cores = 'server-alone';
  readonly #latchkeys = new Map<SigningAlgorithm, Promise<Latchkey>>();
  readonly #filled = new Map<number, Promise<FilledLatchkey>>();

  constructor(private readonly options: WorldOptions) {
    this.redisUrl = options.redisUrl;
    this.kafkaBrokers = options.kafkaBrokers;
    this.root = options.root;
    this.keys = options.keys;
    this.listedKeys = options.listedKeys;
    this.pinned = options.pinned;
  }

  /** Started once, when the first benchmark needs it. Only the one that signs as is usual has keys. */
  latchkey(algorithm: SigningAlgorithm = 'RS256'): Promise<Latchkey> {
    const started = this.#latchkeys.get(algorithm);
    if (started !== undefined) return started;
    const starting = startLatchkey(this, algorithm, algorithm === 'RS256' ? this.keys : 0);
    this.#latchkeys.set(algorithm, starting);
    return starting;
  }

  /** With so many keys in its workspace; started and filled once. */
  filledLatchkey(keys: number): Promise<FilledLatchkey> {
    const started = this.#filled.get(keys);
    if (started !== undefined) return started;
    const starting = startFilledLatchkey(this, keys);
    this.#filled.set(keys, starting);
    return starting;
  }

  /** Arguments for Node of every program that is measured. */
  get nodeArguments(): readonly string[] {
    return this.options.profileFolder === null ? [] : ['--require', path.join(this.root, 'bench/profile/recorder.cjs')];
  }

  /** The same as a variable, for programs that somebody else starts. */
  get nodeOptions(): Readonly<Record<string, string>> {
    return this.options.profileFolder === null ? {} : { NODE_OPTIONS: this.nodeArguments.join(' ') };
  }

  get profileVariables(): Readonly<Record<string, string>> {
    return this.options.profileFolder === null ? {} : { BENCH_PROFILE_FOLDER: this.options.profileFolder };
  }

  /** Shares the cores out for the next benchmark: to this process, what it has started and what it will start. */
  shareOut(cores: Cores): void {
    this.#cores = cores;
    if (!this.pinned) return;
    const wanted = cores === 'two-cores' ? '0-1' : `1-${os.cpus().length - 1}`;
    for (const pid of familyOf(process.pid)) keepOn(wanted, pid);
  }

  /** This server is measured. */
  pin(pid: number): void {
    if (this.pinned && this.#cores === 'server-alone') keepOn('0', pid);
  }

  /** An empty database, dropped at the end. */
  async freshDatabase(): Promise<string> {
    const name = `bench_${randomBytes(6).toString('hex')}`;
    await this.#execute(`CREATE DATABASE ${name}`);
    this.onEnd(() => this.#execute(`DROP DATABASE ${name} WITH (FORCE)`));
    const url = new URL(this.options.databaseUrl);
    url.pathname = `/${name}`;
    return url.href;
  }

  onEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Ends what was started, the latest first. */
  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }

  async #execute(statement: string): Promise<void> {
    const client = new Client({ connectionString: this.options.databaseUrl, connectionTimeoutMillis: 10_000 });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  }
}
