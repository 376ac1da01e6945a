import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Takes a folder for this process, so that two clusters do not write over each other's keys. What a process left that is gone counts
 * for nothing. Answers how to give it back.
 * @throws Error that names the process which has it, or says why there can be no such folder
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = path.join(folder, 'pid');
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    throw new Error(`LATCHKEY_DATA_DIR: cannot be used, ${error.message}`, { cause: error });
  });
  const holder = Number(await readFile(file, 'utf8').catch(() => ''));
  if (holder > 0 && holder !== process.pid && isAlive(holder)) {
    throw new Error(`${folder} is in use by process ${holder}: stop it, or name another folder in LATCHKEY_DATA_DIR`);
  }
  await writeFile(file, String(process.pid));
  return () => rm(file, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
