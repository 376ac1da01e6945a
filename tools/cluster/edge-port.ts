import { once } from 'node:events';
import { createServer } from 'node:net';

const PORT_MAX = 65_535;

/**
 * The port of the edge, from the text of `PORT`, before anything is started for it; 0 is any free one.
 * @throws Error that names the variable: it is no port, or cannot be listened on
 */
export async function edgePort(text: string): Promise<number> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= PORT_MAX)) throw new Error(`PORT: must be a port number from 0 to ${PORT_MAX}.`);
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    const taken = Reflect.get(Object(error), 'code') === 'EADDRINUSE';
    throw new Error(`PORT: ${port} ${taken ? 'is in use by another process' : 'cannot be listened on'}.`, {
      cause: error,
    });
  }
  const closed = once(server, 'close');
  server.close();
  await closed;
  return port;
}
