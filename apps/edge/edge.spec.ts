import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { makeAuthority, makeCertificate, type Certificate } from '@latchkey/certificates';
import { freePort } from '@latchkey/testing';
import { startEdge, type Edge, type EdgeOptions } from './edge';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

/** A service that answers its own name, and keeps what it got. */
async function service(name: string) {
  const seen: { request: IncomingMessage; body: string }[] = [];
  const server: Server = createServer((request, reply) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ request, body: Buffer.concat(chunks).toString() });
      reply.writeHead(202, 'Taken', ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end(name);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(server);
  return { seen, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const edge = (...targets: string[]): Promise<Edge> => edgeWith({}, ...targets);

async function edgeWith(options: Partial<EdgeOptions>, ...targets: string[]): Promise<Edge> {
  const started = await startEdge({ routes: [{ path: '/api', targets }], port: 0, host: '127.0.0.1', ...options });
  opened.push(started);
  return started;
}

/** Bytes as they are, since `fetch` would tidy them. */
async function raw(url: string, lines: readonly string[], body = ''): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write([...lines, 'Connection: close', '', body].join('\r\n'));
  let reply = '';
  for await (const chunk of socket as AsyncIterable<Buffer>) reply += chunk.toString();
  return reply;
}

describe('the edge', () => {
  it('passes on the target, and every header as often as it came', async () => {
    const { url, seen } = await service('one');
    const { url: edgeUrl } = await edge(url);
    await raw(edgeUrl, ['GET /api//a/../%2e%2e/b?x=%2F HTTP/1.1', 'Host: tenant.test', 'X-Api-Key: a', 'X-Api-Key: b']);
    const [{ request } = { request: undefined }] = seen;
    expect(request?.url).toBe('/api//a/../%2e%2e/b?x=%2F');
    expect(request?.headers.host).toBe('tenant.test');
    expect(request?.rawHeaders.filter((text) => ['a', 'b'].includes(text))).toEqual(['a', 'b']);
  });

  it('says itself who the client is', async () => {
    const { url, seen } = await service('one');
    const { url: edgeUrl } = await edge(url);
    await fetch(`${edgeUrl}/api`, { headers: { 'x-forwarded-for': '203.0.113.7', 'x-real-ip': '203.0.113.7' } });
    expect(seen[0]?.request.headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(seen[0]?.request.headers['x-real-ip']).toBeUndefined();
  });

  it('believes the proxy in front that it is told to trust, as far as that can tell', async () => {
    const { url, seen } = await service('one');
    const { url: edgeUrl } = await edgeWith({ trustedProxies: ['127.0.0.1'] }, url);
    for (const told of ['198.51.100.1, 203.0.113.7', 'nobody'])
      await fetch(`${edgeUrl}/api`, { headers: { 'x-forwarded-for': told } });
    expect(seen.map(({ request }) => request.headers['x-forwarded-for'])).toEqual(['203.0.113.7', 'unknown']);
  });

  it('drops no header, however many came before it: the proxy in front comes last', async () => {
    const { url, seen, server } = await service('one');
    server.maxHeadersCount = 0;
    const { url: edgeUrl } = await edgeWith({ trustedProxies: ['127.0.0.1'] }, url);
    const many = Array.from({ length: 2_100 }, () => 'A: b');
    await raw(edgeUrl, ['GET /api HTTP/1.1', 'Host: x', ...many, 'X-Forwarded-For: 203.0.113.7']);
    expect(seen[0]?.request.headers['x-forwarded-for']).toBe('203.0.113.7');
  });

  it('passes on bodies of a length and in chunks, of any method', async () => {
    const { url, seen } = await service('one');
    const { url: edgeUrl } = await edge(url);
    await fetch(`${edgeUrl}/api`, { method: 'POST', body: 'with a length' });
    await raw(edgeUrl, ['DELETE /api HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n');
    expect(seen.map(({ body }) => body)).toEqual(['with a length', 'hello']);
  });

  it('passes back a refusal that comes before the end of a body, and lets the client end', async () => {
    const refusing = createServer((request, reply) => {
      reply.writeHead(413, { connection: 'close', 'content-length': 2 }).write('no');
      request.resume().on('end', () => reply.end());
    });
    await once(refusing.listen(0, '127.0.0.1'), 'listening');
    opened.push(refusing);
    const { url } = await edge(`http://127.0.0.1:${(refusing.address() as AddressInfo).port}`);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const closed = new Promise<boolean>((resolve) => socket.on('error', () => undefined).on('close', resolve));
    const sendMebibyte = () => new Promise((resolve) => socket.write(Buffer.alloc(1_048_576), resolve));
    socket.write('POST /api HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 8388608\r\n\r\n');
    const [[reply]] = (await Promise.all([once(socket, 'data'), sendMebibyte()])) as [[Buffer], unknown];
    expect(reply.toString()).toMatch(/^HTTP\/1\.1 413 /);
    for (let sent = 1; sent < 8; sent += 1) await sendMebibyte();
    expect(await closed).toBe(false);
  });

  it('passes back status and headers', async () => {
    const { url } = await service('one');
    const reply = await fetch(`${(await edge(url)).url}/api`);
    expect([reply.status, reply.statusText, reply.headers.getSetCookie()]).toEqual([202, 'Taken', ['a=1', 'b=2']]);
  });

  it('takes instances in turn, and leaves out one that is gone', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    const [one, two] = [await service('one'), await service('two')];
    const { url } = await edge(one.url, gone, two.url);
    const answers = [];
    for (let call = 0; call < 6; call += 1) answers.push(await (await fetch(`${url}/api`)).text());
    expect(answers).toEqual(['one', 'two', 'two', 'one', 'two', 'two']);
  });

  it('answers 502 when no instance is there, and 404 where no route fits', async () => {
    const { url } = await edge(`http://127.0.0.1:${await freePort()}`);
    expect((await fetch(`${url}/api`)).status).toBe(502);
    const reply = await fetch(`${url}/other`);
    expect(await reply.json()).toEqual({ type: 'about:blank', status: 404, code: 'route.not_found' });
  });

  describe('before services that speak TLS', () => {
    const hosts = ['127.0.0.1'];
    let certified: (string | undefined)[];
    beforeEach(() => (certified = []));

    async function secureService(authority: Certificate) {
      const { cert, key } = await makeCertificate(authority, { name: 'service', hosts, days: 1 });
      const options = { cert, key, ca: authority.cert, requestCert: true, rejectUnauthorized: false };
      const server = createSecureServer(options, ({ socket }, reply) => {
        certified.push((socket as TLSSocket).getPeerX509Certificate()?.subject);
        reply.end('secure');
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      opened.push(server);
      return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    it('passes on to those of its authority, and shows no certificate itself', async () => {
      const authority = await makeAuthority();
      const { url } = await edgeWith({ authority: authority.cert }, await secureService(authority));
      expect(await (await fetch(`${url}/api`)).text()).toBe('secure');
      expect(certified).toEqual([undefined]);
    });

    it('sends nothing to one of another authority', async () => {
      const [ours, other] = [await makeAuthority(), await makeAuthority()];
      const { url } = await edgeWith({ authority: ours.cert }, await secureService(other));
      expect((await fetch(`${url}/api`)).status).toBe(502);
      expect(certified).toEqual([]);
    });
  });
});
