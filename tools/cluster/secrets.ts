import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const names = ['LATCHKEY_PEPPER', 'LATCHKEY_MASTER_KEY', 'LATCHKEY_SERVICE_TOKEN'] as const;

/** What all processes of one cluster share: made at its first start, kept in a file that only its owner can read. */
export async function clusterSecrets(dataDir: string): Promise<Record<string, string>> {
  const file = path.join(dataDir, 'secrets.json');
  await mkdir(dataDir, { recursive: true });
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secrets = Object.fromEntries(names.map((name) => [name, randomBytes(32).toString('hex')]));
  await writeFile(file, JSON.stringify(secrets), { mode: 0o600, flag: 'wx' });
  return secrets;
}
