import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { EnsureFirstKeyHandler } from '@latchkey/issuance';
import type { Secret } from '@latchkey/kernel';

export interface FirstKeyConfig {
  readonly LATCHKEY_DATA_DIR: string;
  readonly LATCHKEY_ADMIN_KEY?: Secret | undefined;
}

/** Where the admin key that the first start made is kept. */
export const adminKeyFile = (dataDir: string) => path.join(dataDir, 'admin-key');

/**
 * Makes the admin key at the first start, and keeps one that was made here in the data directory, for its owner alone. `announce` is told
 * once. A key that came with the configuration is neither kept nor announced.
 */
export async function ensureFirstKey(
  handler: EnsureFirstKeyHandler,
  config: FirstKeyConfig,
  announce: (secret: Secret, file: string) => void,
): Promise<void> {
  const { LATCHKEY_ADMIN_KEY: adminKey, LATCHKEY_DATA_DIR: dataDir } = config;
  if (adminKey !== undefined) {
    await handler.execute({ adminKey });
    return;
  }
  const file = adminKeyFile(dataDir);
  const secret = await handler.execute({ keep: (made) => writeSecret(file, made) });
  if (secret !== null) announce(secret, file);
}

async function writeSecret(file: string, secret: Secret): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.new`;
  // What is left of an attempt that was cut off, or a link that somebody else put there, must not lend its mode.
  await rm(draft, { force: true });
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${secret.reveal()}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}
