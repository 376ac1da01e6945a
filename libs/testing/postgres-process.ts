import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from './eventually';
import { freePort, killHard, signal, type ServerProcess } from './server-process';

export type PostgresProcess = ServerProcess;

const program = path.resolve(__dirname, '../../tools/backing/lone-postgres.mjs');

/** A Postgres of one's own, for tests of its outages. Its data survives `kill` and `restart`. Takes a few seconds to make. */
export async function startPostgres(): Promise<PostgresProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-postgres-'));
  await chmod(folder, 0o755); // it runs as a user of its own where we are root
  const port = await freePort();
  let running = await launch(folder, port);
  const kill = () => killHard(running.pid);

  return {
    url: running.url,
    port,
    get pid() {
      return running.pid;
    },
    kill,
    pause: () => void signal(running.pid, 'SIGSTOP'),
    resume: () => void signal(running.pid, 'SIGCONT'),
    async restart() {
      await kill();
      // Fails till the last of the old server's own processes has noticed.
      running = await eventually(() => launch(folder, port), { timeoutMs: 20_000, everyMs: 200 });
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Running {
  readonly url: string;
  readonly pid: number;
}

async function launch(folder: string, port: number): Promise<Running> {
  const child = spawn(process.execPath, [program, folder, String(port)], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('Postgres did not start')));
  const line = await Promise.race([ended, once(child.stdout, 'data')]);
  ended.catch(() => undefined); // its end is no news from here on
  return JSON.parse(String(line[0])) as Running;
}
