import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { close, constants, open } from 'node:fs';
import { promisify } from 'node:util';

const openFile = promisify(open);
const closeFile = promisify(close);

/** A file that no other process has locked. */
export interface LockedFile {
  release(): Promise<void>;
}

const FLOCK_TIMEOUT_MS = 10_000;
const FLOCK_TAKEN = 1;
const { O_CREAT, O_WRONLY, O_NONBLOCK } = constants;
/** `UV_FS_O_EXLOCK` of libuv, which locks while it opens: on macOS the system's flag, on Windows a file that is shared with nobody. */
const LOCKING_FLAGS: Readonly<Partial<Record<NodeJS.Platform, number>>> = {
  darwin: 0x20 | O_NONBLOCK,
  win32: 0x1000_0000,
};
const TAKEN: readonly unknown[] = ['EAGAIN', 'EWOULDBLOCK', 'EBUSY'];

/**
 * Locks a file until it is released or this process ends, however it ends. The lock is the kernel's, on the open file: it holds for everybody
 * who sees the same file, so for containers that share a volume too, leaves nothing behind that could be stale, and knows no ids of
 * processes, which repeat in containers. It goes with the file: who deletes it, or its folder, gives it out again.
 *
 * Node cannot lock. On Linux flock(1) does it (util-linux, busybox), on a file that it inherits: the lock belongs to the open file and not to
 * the process that asked for it. Over NFS it holds as far as the server keeps locks.
 * @returns null when another process has it
 * @throws Error when the file cannot be opened, or there is no flock(1)
 */
export async function lockFile(file: string): Promise<LockedFile | null> {
  const flags = LOCKING_FLAGS[process.platform];
  // A number, as Node closes a `FileHandle` that nobody refers to any more.
  const fd = await openFile(file, O_CREAT | O_WRONLY | (flags ?? 0), 0o600).catch((error: unknown) => {
    if (flags !== undefined && TAKEN.includes(Reflect.get(Object(error), 'code'))) return null;
    throw error;
  });
  if (fd === null) return null;
  try {
    if (flags !== undefined || (await flock(fd))) return lockOn(fd);
  } catch (error) {
    await closeFile(fd);
    throw error;
  }
  await closeFile(fd);
  return null;
}

function lockOn(fd: number): LockedFile {
  // Closed twice, the number may be another file's by then.
  let released: Promise<void> | undefined;
  return { release: () => (released ??= closeFile(fd)) };
}

/** @returns whether the open file is locked now: false when it is, by another */
async function flock(fd: number): Promise<boolean> {
  const program = spawn('flock', ['-x', '-n', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
    timeout: FLOCK_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const [code] = (await once(program, 'exit')) as [number | null];
  if (code !== 0 && code !== FLOCK_TAKEN) throw new Error(`flock ended with ${code}`);
  return code === 0;
}
