import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { formRequest } from './http-load';
import { IssuingLoad } from './issuing-load';

let server: Server;
const asked: string[] = [];
const serve = async (status: number) => {
  server = createServer((request: IncomingMessage, response) => {
    void text(request).then((body) => {
      asked.push(`${request.headers['content-type']} ${body}`);
      server.emit('asked');
      response.writeHead(status, { 'content-length': 2 }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
beforeEach(() => asked.splice(0));
afterEach(() => server.close());

const requests = ['a', 'b'].map((scope) => formRequest('/oauth/token', { scope }));

it('clients ask in turns for what there is, and the end waits for what is under way', async () => {
  const load = new IssuingLoad({ url: await serve(200), requests, clients: 1, perSecond: null });
  while (asked.length < 3) await once(server, 'asked');
  await load.end();
  expect(asked.slice(0, 3)).toEqual(['a', 'b', 'a'].map((scope) => `application/x-www-form-urlencoded scope=${scope}`));
  expect(load.done).toBe(asked.length);
});

it('clients who are told how often leave time between', async () => {
  const load = new IssuingLoad({ url: await serve(200), requests, clients: 2, perSecond: 100 });
  const begun = performance.now();
  while (asked.length < 6) await once(server, 'asked');
  const tookMs = performance.now() - begun;
  await load.end();
  // The sixth is due 50 ms after the first.
  expect(tookMs).toBeGreaterThan(40);
});

it('a client who is given no token ends the run', async () => {
  const load = new IssuingLoad({ url: await serve(400), requests, clients: 1, perSecond: null });
  while (asked.length < 1) await once(server, 'asked');
  await expect(load.end()).rejects.toThrow('400');
});
