import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { EnsureFirstKeyHandler, FirstKeyOutcome } from '@latchkey/issuance';
import type { Secret } from '@latchkey/kernel';

export interface FirstKeyConfig {
  readonly LATCHKEY_DATA_DIR: string;
  readonly LATCHKEY_ADMIN_KEY?: Secret | undefined;
}

/** Where the admin key that the first start made is kept. */
export const adminKeyFile = (dataDir: string) => path.join(dataDir, 'admin-key');

export interface FirstKeyNews {
  /** Once, with the file that keeps it. */
  announce(this: void, secret: Secret, file: string): void;
  /** At every start that is configured so. */
  warn(this: void, message: string): void;
}

const WITHOUT_EFFECT: Readonly<Record<'unknown' | 'ended', string>> = {
  unknown: 'the first admin key was made with another secret',
  ended: 'that secret, or its key, has ended',
};

/**
 * Makes the admin key at the first start, and keeps one that was made here in the data directory, for its owner alone. A key that
 * came with the configuration is neither kept nor announced.
 */
export async function ensureFirstKey(
  handler: EnsureFirstKeyHandler,
  config: FirstKeyConfig,
  { announce, warn }: FirstKeyNews,
): Promise<void> {
  const { LATCHKEY_ADMIN_KEY: adminKey, LATCHKEY_DATA_DIR: dataDir } = config;
  const file = adminKeyFile(dataDir);
  const outcome: FirstKeyOutcome = await handler.execute(
    adminKey === undefined ? { keep: (made) => writeSecret(file, made) } : { adminKey },
  );
  if (outcome.kind === 'made' && adminKey === undefined) announce(outcome.secret, file);
  if (outcome.kind === 'admin_key_without_effect') {
    warn(`LATCHKEY_ADMIN_KEY has no effect: ${WITHOUT_EFFECT[outcome.cause]}`);
  }
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
