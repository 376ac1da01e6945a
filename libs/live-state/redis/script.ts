import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ALL_SAFEGUARDS, type Safeguards } from '../safeguards';
import type { RedisClient } from './connect-redis';

/** A Lua script that Redis keeps by its digest. */
export class Script {
  readonly #source: string;
  readonly #sha: string;

  /** @param files beside this one, put together in order */
  constructor(files: readonly string[], safeguards: Safeguards = ALL_SAFEGUARDS) {
    const sources = files.map((file) => readFileSync(path.join(__dirname, file), 'utf8'));
    this.#source = [prelude(safeguards), ...sources].join('\n');
    this.#sha = createHash('sha1').update(this.#source).digest('hex');
  }

  /** @throws whatever the client throws: the connection is down, the command timed out, the script failed */
  async run(redis: RedisClient, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(this.#source, keys.length, ...keys, ...args);
    }
  }
}

const prelude = ({ runId, fillGuard, absoluteUntil }: Safeguards) =>
  `local safeguards = { run_id = ${runId}, fill_guard = ${fillGuard}, absolute_until = ${absoluteUntil} }`;
