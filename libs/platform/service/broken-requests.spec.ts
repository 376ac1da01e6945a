import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { createLogger } from '../logging/logger';
import { createService } from './create-service';
import type { Service } from './service';

@Module({})
class EmptyModule {}

describe('what is broken before it is a request', () => {
  let service: Service;

  beforeAll(async () => {
    service = await createService({
      name: 'empty',
      module: EmptyModule,
      config: { host: '127.0.0.1', port: 0 },
      logger: createLogger({ service: 'empty', level: 'silent' }),
    });
    await service.start();
  });
  afterAll(() => service.stop());

  /** The reply to these very bytes. */
  const replyTo = (bytes: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const { port } = service.fastify.server.address() as AddressInfo;
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      let reply = '';
      socket.on('data', (chunk) => (reply += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(reply));
    });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['a bare line feed in X-Request-ID', 'GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: a\rSet-Cookie: b\r\n\r\n', 400],
    ['endless headers', `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%s: a problem with a request id, and the connection ends', async (_what, bytes, status) => {
    const reply = await replyTo(bytes);
    expect(reply).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(reply).toContain('application/problem+json');
    expect(reply).toMatch(/X-Request-ID: [0-9a-f-]{36}\r\n/);
  });

  it.each([
    '//healthz',
    '/%2e/healthz',
    '/./healthz',
    '/HEALTHZ',
    '/healthz/',
    '/healthz%2f',
    '/healthz%00',
    '/%68ealthz',
    '/health%7A',
  ])('has one spelling of an address: nothing at %s', async (target) => {
    const reply = await replyTo(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(reply).toMatch(/^HTTP\/1\.1 404 /);
  });

  it.each([
    ['a length', 'Content-Type: application/json\r\nContent-Length: 8388608', 413],
    ['a length, of a type that is not taken', 'Content-Type: text/plain\r\nContent-Length: 8388608', 404],
  ])('answers a body of 8 MiB with %s before it has come, and lets the client end', async (_what, headers, status) => {
    const { port } = service.fastify.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    const closed = new Promise<boolean>((resolve) => socket.on('error', () => undefined).on('close', resolve));
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n\r\n`);
    const [reply] = (await once(socket, 'data')) as [Buffer];
    expect(reply.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\n\r\n\\{.*\\}$`));
    for (let sent = 0; sent < 8; sent += 1)
      await new Promise((resolve) => socket.write(Buffer.alloc(1_048_576), resolve));
    expect(await closed).toBe(false);
  });

  it('keeps a header that was sent twice out of X-Request-ID', async () => {
    const reply = await replyTo(
      'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-ID: a\r\nX-Request-ID: b\r\n\r\n',
    );
    expect(reply).toMatch(/x-request-id: [0-9a-f-]{36}\r\n/i);
  });
});
