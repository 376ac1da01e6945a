import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isAppError } from '@latchkey/kernel';
import { HttpCheckClient, type HttpCheckClientOptions } from './http-check-client';
import { allowed } from './testing/check-results';

describe('the check over HTTP', () => {
  const servers: Server[] = [];

  type Handler = (request: IncomingMessage, reply: ServerResponse) => void;
  const node = async (handler: Handler): Promise<string> => {
    const server = createServer(handler);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const answering =
    (body: unknown, status = 200): Handler =>
    (_request, reply) =>
      reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  /** The address of a node that is gone. */
  const away = async () => {
    const base = await node(answering(allowed));
    await new Promise((resolve) => servers.pop()?.close(resolve));
    return base;
  };
  const outcome = async (bases: readonly string[], options?: HttpCheckClientOptions) =>
    new HttpCheckClient(bases, options)
      .check({ credential: 'lk_live_x' })
      .catch((error: unknown) => (isAppError(error) ? error.code : error));

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  it('sends the request as it is, with the credential nowhere but in the body, and gives the answer', async () => {
    let seen: { url?: string; authorization?: string | undefined; body: string } = { body: '' };
    const base = await node((request, reply) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen = { url: request.url ?? '', authorization: request.headers.authorization, body };
        answering(allowed)(request, reply);
      });
    });
    expect(await outcome([base])).toEqual(allowed);
    expect(seen).toEqual({
      url: '/v1/check',
      authorization: undefined,
      body: '{"credential":"lk_live_x"}',
    });
  });

  it('takes the nodes in turn, over connections that it keeps', async () => {
    const asked: string[] = [];
    let connections = 0;
    const recording =
      (name: string): Handler =>
      (request, reply) => {
        asked.push(name);
        answering(allowed)(request, reply);
      };
    const bases = [await node(recording('a')), await node(recording('b'))];
    for (const server of servers) server.on('connection', () => (connections += 1));
    const client = new HttpCheckClient(bases);
    for (let call = 0; call < 6; call += 1) await client.check({ credential: 'x' });
    expect(asked).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(connections).toBe(2);
  });

  it('passes over a node that is gone, or that fails', async () => {
    const good = await node(answering(allowed));
    expect(await outcome([await away(), good])).toEqual(allowed);
    expect(await outcome([await node(answering({}, 500)), good])).toEqual(allowed);
    expect(await outcome([await node((_request, reply) => reply.destroy()), good])).toEqual(allowed);
  });

  it('lets nobody pass when no node answers, and keeps its deadline over all of them', async () => {
    expect(await outcome([await away(), await away()])).toBe('auth.unavailable');
    const silent = await Promise.all([node(() => undefined), node(() => undefined)]);
    const startedAt = performance.now();
    expect(await outcome(silent, { timeoutMs: 50 })).toBe('auth.unavailable');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it.each([
    ['no JSON', 'hello'],
    ['an empty object', {}],
    ['allowed without a principal', { ...allowed, principal: null }],
    ['allowed with a reason', { ...allowed, reason: 'revoked' }],
    ['denied without a reason', { ...allowed, allowed: false }],
    ['allowed as a text', { ...allowed, allowed: 'true' }],
    ['a header that would split the reply', { ...allowed, headers: { 'X-A': 'b\r\nSet-Cookie: c' } }],
    ['a header name that is none', { ...allowed, headers: { 'X-A: b\r\nX-C': 'd' } }],
  ])('does not believe %s', async (_what, reply) => {
    expect(await outcome([await node(answering(reply))])).toBe('auth.unavailable');
  });

  it('does not follow a redirect with a credential in hand', async () => {
    let followed = false;
    const other = await node((request, reply) => {
      followed = true;
      answering(allowed)(request, reply);
    });
    const base = await node((_request, reply) => reply.writeHead(307, { location: `${other}/v1/check` }).end());
    expect(await outcome([base])).toBe('auth.unavailable');
    expect(followed).toBe(false);
  });
});
