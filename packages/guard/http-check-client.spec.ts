import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { CheckRequest } from '@latchkey/contracts';
import { isAppError } from '@latchkey/kernel';
import { describeCheckClient } from './check-client.contract';
import { HttpCheckClient } from './http-check-client';
import { allowed } from './testing/check-results';

describeCheckClient('HTTP', {
  async node(answer, address) {
    const server = createServer((request, reply) => {
      void json(request)
        .then((asked) => answer(asked as CheckRequest))
        .then((result) => reply.end(JSON.stringify(result)))
        .catch(() => reply.writeHead(500).end());
    });
    const port = Number(address?.split(':').at(-1) ?? 0);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return {
      address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      stop: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
  client: (addresses, options) => new HttpCheckClient(addresses, options),
});

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
  const outcome = async (bases: readonly string[]) =>
    new HttpCheckClient(bases)
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

  it('keeps its connections', async () => {
    let connections = 0;
    const base = await node(answering(allowed));
    for (const server of servers) server.on('connection', () => (connections += 1));
    const client = new HttpCheckClient([base]);
    for (let call = 0; call < 6; call += 1) await client.check({ credential: 'x' });
    expect(connections).toBeLessThan(6);
  });

  it('passes over a node that cuts the connection', async () => {
    const good = await node(answering(allowed));
    expect(await outcome([await node((_request, reply) => reply.destroy()), good])).toEqual(allowed);
  });

  it.each([
    ['no JSON', 'hello'],
    ['an empty object', {}],
    ['allowed as a text', { ...allowed, allowed: 'true' }],
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
