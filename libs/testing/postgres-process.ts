import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from './eventually';
import { launchAlone } from './lone-server';
import { freePort, killHard, signal, type ServerProcess } from './server-process';

export type PostgresProcess = ServerProcess;

export interface PostgresOptions {
  /** Of its only user; some fixed word when absent. */
  password?: string;
  /** As on its command line: `log_statement=all`. */
  settings?: readonly string[];
}

/** A Postgres of one's own, for tests of its outages. Its data survives `kill` and `restart`. Takes a few seconds to make. */
export async function startPostgres({ password, settings = [] }: PostgresOptions = {}): Promise<PostgresProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-postgres-'));
  await chmod(folder, 0o755); // it runs as a user of its own where we are root
  const port = await freePort();
  const env = password === undefined ? {} : { POSTGRES_PASSWORD: password };
  const launch = () => launchAlone('lone-postgres.mjs', [folder, port, ...settings], env);
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
      // Fails till the last of the old server's own processes has noticed.
      running = await eventually(launch, { timeoutMs: 20_000, everyMs: 200 });
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
