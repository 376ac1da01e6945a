import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually } from './eventually';
import { startTcpProxy, type TcpProxy } from './tcp-proxy';

/** A reset is an error before it is a close, and either ends the connection. */
const closing = (socket: Socket) =>
  new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));

describe('a TCP proxy', () => {
  let seen: string;
  let server: Server;
  let proxy: TcpProxy;
  let client: Socket;
  let answers: string;

  const connected = async () => {
    const socket = connect(proxy.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('data', (data) => (answers += data.toString()));
    await once(socket, 'connect');
    return socket;
  };

  beforeEach(async () => {
    seen = answers = '';
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        seen += data.toString();
        socket.write(data);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await startTcpProxy(`echo://127.0.0.1:${(server.address() as AddressInfo).port}/path`);
    client = await connected();
  });

  afterEach(async () => {
    client.destroy();
    await proxy.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  it('passes bytes both ways under the address it gives', async () => {
    expect(proxy.url).toBe(`echo://127.0.0.1:${proxy.port}/path`);
    client.write('a');
    await eventually(() => expect(answers).toBe('a'));
  });

  it('redirect: what is open is reset, and what comes reaches the other server', async () => {
    const other = createServer((socket) => socket.on('error', () => undefined).end('other'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const closed = closing(client);
    proxy.redirect(`echo://127.0.0.1:${(other.address() as AddressInfo).port}`);
    await closed;
    client = await connected();
    await eventually(() => expect(answers).toBe('other'));
    await new Promise((resolve) => other.close(resolve));
  });

  it('cut: resets what is open and refuses what comes, until restored', async () => {
    const closed = closing(client);
    proxy.cut();
    await closed;
    await closing(connect(proxy.port, '127.0.0.1'));
    proxy.restore();
    client = await connected();
    client.write('b');
    await eventually(() => expect(answers).toBe('b'));
  });

  it('stalled answers: the request arrives, its answer only after the restore', async () => {
    proxy.stall('answers');
    client.write('c');
    await eventually(() => expect(seen).toBe('c'));
    expect(answers).toBe('');
    proxy.restore();
    await eventually(() => expect(answers).toBe('c'));
  });

  it('stalled: nothing arrives before the restore', async () => {
    proxy.stall();
    client.write('d');
    const direct = connect((server.address() as AddressInfo).port, '127.0.0.1');
    direct.write('e');
    await once(direct, 'data');
    direct.destroy();
    expect(seen).toBe('e');
    proxy.restore();
    await eventually(() => expect(seen).toBe('ed'));
  });

  it('delay: an answer takes at least the delay each way', async () => {
    proxy.delay(30);
    const start = performance.now();
    client.write('f');
    await eventually(() => expect(answers).toBe('f'), { everyMs: 1 });
    expect(performance.now() - start).toBeGreaterThanOrEqual(59);
  });
});
