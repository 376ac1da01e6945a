import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Secret } from '@latchkey/kernel';
import { ConfigError } from '@latchkey/platform';
import { z } from 'zod';

const answer = z.union([z.strictObject({ url: z.string() }), z.strictObject({ failed: z.string() })]);

export interface EmbeddedPostgres {
  readonly url: Secret;
  /** Ends the server in order. Call it when nothing uses it any more. */
  stop(): Promise<void>;
}

/**
 * Real Postgres from an npm package, in a process of its own; its cluster lives in `folder`.
 * @throws ConfigError when it does not start, with what Postgres said
 */
export async function startEmbeddedPostgres(folder: string, password: Secret): Promise<EmbeddedPostgres> {
  const host = spawn(process.execPath, [path.join(__dirname, 'postgres/host.mjs'), folder], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: inherited(),
  });
  host.stdin.write(`${password.reveal()}\n`);
  const url = await urlFrom(host);
  return {
    url: new Secret(url),
    stop: async () => {
      if (host.exitCode !== null) return;
      const ended = once(host, 'exit');
      host.stdin.end();
      await ended;
    },
  };
}

/** The server runs as another user and would show what it inherits, so it gets nothing that the configuration holds. */
const inherited = (): NodeJS.ProcessEnv =>
  Object.fromEntries(['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'].map((name) => [name, process.env[name]]));

async function urlFrom(host: ChildProcess & { stdout: NodeJS.ReadableStream }): Promise<string> {
  for await (const line of createInterface({ input: host.stdout })) {
    const reply = answer.parse(JSON.parse(line));
    if ('failed' in reply) throw new ConfigError([`LATCHKEY_DATA_DIR: ${reply.failed}`]);
    return reply.url;
  }
  throw new Error('the embedded Postgres ended while it started');
}
