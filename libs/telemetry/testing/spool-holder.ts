import { FileSpool, type FileSpoolOptions } from '../file-spool';

/** Holds a spool until it is killed. The one argument: which, as JSON. */
async function main(options: Pick<FileSpoolOptions, 'folder' | 'boot'>): Promise<void> {
  await FileSpool.open({ ...options, bytesMax: 1_000 });
  // What nobody refers to any more is closed now, if it is going to be.
  globalThis.gc?.();
  process.stdout.write('held');
  // An open file alone keeps no process alive.
  setInterval(() => undefined, 60_000);
}

void main(JSON.parse(process.argv[2] ?? '') as FileSpoolOptions);
