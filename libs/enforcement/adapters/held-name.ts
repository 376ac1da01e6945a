import { createServer } from 'node:net';

/** A name that no other process of this machine has. */
export interface HeldName {
  release(): Promise<void>;
}

/**
 * Holds a name until it is released or this process ends, however it ends: an abstract socket of Linux leaves nothing behind, and knows no
 * ids of processes, which repeat in containers. Elsewhere there is none, and every name is given out.
 * @returns null when another process has it
 */
export async function holdName(name: string): Promise<HeldName | null> {
  if (process.platform !== 'linux') return { release: () => Promise.resolve() };
  const server = createServer((socket) => socket.destroy());
  const taken = await new Promise<boolean>((resolve, reject) => {
    server.once('listening', () => resolve(false));
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(true) : reject(error),
    );
    server.listen({ path: `\0${name}` });
  });
  if (taken) return null;
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}
