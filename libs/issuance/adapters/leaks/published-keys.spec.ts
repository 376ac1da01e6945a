import { once } from 'node:events';
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock } from '@latchkey/testing';
import { PublishedKeys } from './published-keys';

/** The documented example of the partner program, by its test key. */
const VECTOR = {
  id: 'f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d',
  pem: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP
HzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==
-----END PUBLIC KEY-----`,
  body: '[{"token":"some_token","type":"some_type","url":"some_url","source":"some_source"}]',
  signature: 'MEUCIFLZzeK++IhS+y276SRk2Pe5LfDrfvTXu6iwKKcFGCrvAiEAhHN2kDOhy2I6eGkOFmxNkOJ+L2y8oQ9A2T9GGJo6WJY=',
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('the keys that a reporter publishes', () => {
  let server: Server;
  let url: string;
  let clock: FakeClock;
  let asked = 0;
  let answer: RequestListener;
  const publish = (...keys: readonly { readonly id: string; readonly pem: string }[]) => {
    answer = (_request, reply) => {
      reply.end(JSON.stringify({ public_keys: keys.map(({ id, pem }) => ({ key_identifier: id, key: pem })) }));
    };
  };
  beforeAll(async () => {
    server = createServer((request, reply) => {
      asked += 1;
      answer(request, reply);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    asked = 0;
    clock = new FakeClock();
    publish(VECTOR);
  });

  const open = (timeoutMs = 5_000) => new PublishedKeys({ url, clock, timeoutMs });
  const isGenuine = (keys: PublishedKeys, { id, signature, body }: Partial<typeof VECTOR> = {}) =>
    keys.verify(id ?? VECTOR.id, signature ?? VECTOR.signature, Buffer.from(body ?? VECTOR.body));

  it('tell that the documented example is genuine, and that it is not when it is changed', async () => {
    const keys = open();
    expect(await isGenuine(keys)).toBe(true);
    expect(await isGenuine(keys, { body: VECTOR.body.replace('some_url', 'some_uri') })).toBe(false);
    expect(await isGenuine(keys, { signature: VECTOR.signature.replace('MEUCIF', 'MEUCIE') })).toBe(false);
    expect(await isGenuine(keys, { signature: 'AAAA'.repeat(20) })).toBe(false);
    expect(await isGenuine(keys, { signature: '' })).toBe(false);
    expect(await isGenuine(keys, { id: 'other' })).toBe(false);
  });

  it('are read once in an hour, and once for many messages at a time', async () => {
    const keys = open();
    await Promise.all(Array.from({ length: 20 }, () => isGenuine(keys)));
    expect(asked).toBe(1);
    clock.advance(HOUR_MS - 1);
    await isGenuine(keys);
    expect(asked).toBe(1);
    clock.advance(1);
    publish();
    expect([await isGenuine(keys), asked]).toEqual([false, 2]);
  });

  it('are read again for a key that is new, and not each time that somebody makes up a name', async () => {
    publish();
    const keys = open();
    for (let count = 0; count < 50; count += 1) expect(await isGenuine(keys, { id: `made-up-${count}` })).toBe(false);
    expect(asked).toBe(1);
    publish(VECTOR);
    clock.advance(2 * MINUTE_MS);
    expect([await isGenuine(keys), asked]).toEqual([true, 2]);
  });

  it('are believed for a day while they cannot be read again, and then no more', async () => {
    const keys = open();
    await isGenuine(keys);
    answer = (_request, reply) => reply.writeHead(503).end();
    clock.advance(24 * HOUR_MS - 1);
    expect(await isGenuine(keys)).toBe(true);
    clock.advance(2 * MINUTE_MS);
    await expect(isGenuine(keys)).rejects.toMatchObject({ code: 'service.unavailable' });
  });

  it.each<[string, RequestListener]>([
    ['that is away', (request) => request.socket.destroy()],
    ['that never answers', () => undefined],
    ['that sends too much', (_request, reply) => reply.end('x'.repeat(300_000))],
    ['that sends no JSON', (_request, reply) => reply.end('<html>')],
    ['that sends one elsewhere', (_request, reply) => reply.writeHead(302, { location: '/elsewhere' }).end()],
  ])('are not known from a server %s: nobody is believed, and nobody is refused for good', async (_what, behaviour) => {
    answer = behaviour;
    await expect(isGenuine(open(200))).rejects.toMatchObject({ code: 'service.unavailable' });
  });

  it('count for nothing where they are of another kind', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    publish(
      { id: 'other-curve', pem: publicKey.export({ type: 'spki', format: 'pem' }) as string },
      { id: 'none', pem: 'x' },
    );
    const signature = sign('sha256', Buffer.from(VECTOR.body), privateKey).toString('base64');
    expect(await isGenuine(open(), { id: 'other-curve', signature })).toBe(false);
    expect(await isGenuine(open(), { id: 'none' })).toBe(false);
  });
});
