import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import type { EnsureFirstKeyHandler } from '@latchkey/issuance';
import type { Secret } from '@latchkey/kernel';

export interface FirstKeyConfig {
  readonly LATCHKEY_DATA_DIR: string;
  readonly LATCHKEY_ADMIN_KEY?: Secret | undefined;
}

export const firstKeyFile = (dataDir: string) => path.join(dataDir, 'admin-key');

/**
 * Makes the admin key at the first start. One that was made here is shown once on the terminal, and kept in the data directory for its
 * owner alone; one that came with the configuration is neither.
 */
export async function ensureFirstKey(handler: EnsureFirstKeyHandler, config: FirstKeyConfig): Promise<void> {
  const { LATCHKEY_ADMIN_KEY: adminKey, LATCHKEY_DATA_DIR: dataDir } = config;
  if (adminKey !== undefined) {
    await handler.execute({ adminKey });
    return;
  }
  const file = firstKeyFile(dataDir);
  const secret = await handler.execute({ keep: (made) => writeSecret(file, made) });
  if (secret !== null) process.stdout.write(`first admin key (shown once, kept in ${file}): ${secret.reveal()}\n`);
}

async function writeSecret(file: string, secret: Secret): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(`${secret.reveal()}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}
