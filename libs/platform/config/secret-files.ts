import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { types } from 'node:util';
import { Secret } from '@latchkey/kernel';
import { ConfigError } from './load-config';

const SECRET_BYTES = 32;
const SECRET_TEXT = /^[0-9a-f]{64}$/;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS = 0o077;

const hasCode = (error: unknown, code: string) => types.isNativeError(error) && Reflect.get(error, 'code') === code;

/** Writes all of the file before it gets its name: a crash leaves no half secret, and of two first starts one wins. */
async function writeOnce(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  const handle = await open(draft, 'wx', FILE_MODE);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
}

async function readSecret(file: string): Promise<Secret> {
  const { mode } = await stat(file);
  if ((mode & OTHERS) !== 0)
    throw new ConfigError([`LATCHKEY_DATA_DIR: others can read ${file}; set its mode to 600.`]);
  const text = (await readFile(file, 'utf8')).trim();
  if (!SECRET_TEXT.test(text)) throw new ConfigError([`LATCHKEY_DATA_DIR: ${file} holds no secret of ours.`]);
  return new Secret(text);
}

/**
 * The secret `name` of this installation, 32 random bytes as hexadecimal text. Made at the first call and kept in
 * `<dataDir>/secrets/<name>`, which only its owner can read (folder 0700, file 0600).
 * @throws ConfigError when the file can be read by others or was changed.
 */
export async function secretFromDataDir(dataDir: string, name: string): Promise<Secret> {
  const folder = path.join(dataDir, 'secrets');
  const file = path.join(folder, name);
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  try {
    return await readSecret(file);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  await writeOnce(file, randomBytes(SECRET_BYTES).toString('hex'));
  return readSecret(file);
}
