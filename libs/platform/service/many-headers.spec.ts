import { connect } from 'node:net';
import { Module } from '@nestjs/common';
import { createService } from './create-service';
import type { Service } from './service';

@Module({})
class NothingModule {}

describe('a request with thousands of headers', () => {
  let service: Service;
  let port: number;
  beforeAll(async () => {
    service = await createService({
      name: 'things',
      module: NothingModule,
      config: { host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.1'] },
      routes: (fastify) => void fastify.get('/ip', ({ clientIp }) => ({ clientIp })),
    });
    port = Number(new URL((await service.start())['http'] ?? '').port);
  });
  afterAll(() => service.stop());

  it('keeps the last of them, by which a proxy says who calls', async () => {
    const socket = connect(port, '127.0.0.1');
    const many = Array.from({ length: 2_100 }, () => 'A: b');
    const lines = ['GET /ip HTTP/1.1', 'Host: x', 'Connection: close', ...many, 'X-Forwarded-For: 203.0.113.7', '', ''];
    socket.write(lines.join('\r\n'));
    let reply = '';
    for await (const chunk of socket as AsyncIterable<Buffer>) reply += chunk.toString();
    expect(reply).toContain('"clientIp":"203.0.113.7"');
  });
});
