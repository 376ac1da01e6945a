import { access, constants, mkdir } from 'node:fs/promises';
import { ConfigError } from './load-config';

const UNUSABLE: Readonly<Record<string, string>> = {
  EEXIST: 'is no folder',
  ENOTDIR: 'is no folder',
  ENOENT: 'leads to a folder that is not there',
  EACCES: 'may not be written by this user',
  EPERM: 'may not be written by this user',
  EROFS: 'is on a disk that cannot be written',
  ENOSPC: 'is on a disk that is full',
};

/**
 * Makes the folder of what this installation keeps where it is missing.
 * @throws ConfigError when it cannot be made or written
 */
export async function openDataDir(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = UNUSABLE[String(Reflect.get(Object(error), 'code'))];
    if (why === undefined) throw error;
    throw new ConfigError([`LATCHKEY_DATA_DIR: ${folder} ${why}.`]);
  }
}
