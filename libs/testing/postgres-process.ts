import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from './eventually';
import { launchAlone } from './lone-server';
import { freePort, serverProcess, type ServerProcess } from './server-process';

export type PostgresProcess = ServerProcess;

export interface PostgresOptions {
  /** Of its only user; some fixed word when absent. */
  password?: string;
  /** A free one when absent. */
  port?: number;
  /** As on its command line: `log_statement=all`. */
  settings?: readonly string[];
}

/** A Postgres of one's own, for tests of its outages. Its data survives `kill` and `restart`. Takes a few seconds to make. */
export async function startPostgres({
  password,
  port: wanted,
  settings = [],
}: PostgresOptions = {}): Promise<PostgresProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-postgres-'));
  await chmod(folder, 0o755); // it runs as a user of its own where we are root
  const port = wanted ?? (await freePort());
  const env = password === undefined ? {} : { POSTGRES_PASSWORD: password };
  const launch = () => launchAlone('lone-postgres.mjs', [folder, port, ...settings], env);
  return serverProcess({
    ...{ port, folder, launch },
    // Fails till the last of the old server's own processes has noticed.
    relaunch: () => eventually(launch, { timeoutMs: 20_000, everyMs: 200 }),
  });
}
