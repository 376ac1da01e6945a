import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Secret } from '@latchkey/kernel';
import { ConfigError, secretFromDataDir } from '@latchkey/platform';

export interface RunningDatabaseConfig {
  readonly DATABASE_URL?: Secret | undefined;
  readonly LATCHKEY_DATA_DIR: string;
}

/**
 * The database that a command of an operator works on: the one that is named, else the embedded one of a standalone process that runs.
 * @throws ConfigError when there is neither
 */
export async function runningDatabase({ DATABASE_URL: url, LATCHKEY_DATA_DIR: dataDir }: RunningDatabaseConfig) {
  if (url !== undefined) return url;
  const lockFile = path.join(dataDir, 'postgres/data/postmaster.pid');
  const [, , , port] = (await readFile(lockFile, 'utf8').catch(() => '')).split('\n');
  if (!port) throw new ConfigError(['DATABASE_URL: is required, as no embedded database runs in LATCHKEY_DATA_DIR.']);
  const password = await secretFromDataDir(dataDir, 'postgres-password');
  return new Secret(`postgres://latchkey:${password.reveal()}@127.0.0.1:${port}/postgres`);
}
