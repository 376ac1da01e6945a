import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { edgePort } from './edge-port';

describe('the port of the edge', () => {
  it('is the one that was named, when nobody has it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(edgePort(String(port))).rejects.toThrow(`PORT: ${port} is in use by another process.`);
    server.close();
    await once(server, 'close');
    await expect(edgePort(String(port))).resolves.toBe(port);
    await expect(edgePort('0')).resolves.toBe(0);
  });

  it.each(['abc', '', '65536', '-1', '80.5'])('%j is none', (text) =>
    expect(edgePort(text)).rejects.toThrow('PORT: must be a port number from 0 to 65535.'),
  );
});
