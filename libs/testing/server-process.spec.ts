import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { freePort } from './server-process';

describe('a free port', () => {
  it('is one that can be listened on, and none of those that the system gives away itself', async () => {
    const given = createServer().listen(0, '127.0.0.1');
    await once(given, 'listening');
    const { port: byTheSystem } = given.address() as AddressInfo;
    given.close();
    for (let asked = 0; asked < 20; asked += 1) {
      const port = await freePort();
      expect(port).toBeLessThan(Math.min(byTheSystem, 32_768));
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
    }
  });
});
