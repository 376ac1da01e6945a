import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpAssetInventories } from './http-asset-inventories';

describe('a list of assets elsewhere', () => {
  let server: Server;
  let origin: string;
  let asked: string[];
  let answering: (response: ServerResponse) => void;
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim());
      answering(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    asked = [];
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const inventories = () => new HttpAssetInventories({ origins: [origin], timeoutMs: 300 });
  const answers = (body: string, status = 200, headers: Record<string, string> = {}) => {
    answering = (response) => response.writeHead(status, headers).end(body);
  };

  it('is what its address answers, asked once by all who ask at the same time', async () => {
    answers('["example.com", "example.org"]');
    const both = inventories();
    const [one, other] = await Promise.all([both.names(`${origin}/names?of=w1`), both.names(`${origin}/names?of=w1`)]);
    expect([one, other]).toEqual([['example.com', 'example.org'], one]);
    expect(asked).toEqual(['GET /names?of=w1']);
    await both.names(`${origin}/names?of=w1`);
    expect(asked).toHaveLength(2);
  });

  it.each([
    'http://127.0.0.1:1/names',
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'http://ORIGIN@evil.example/names',
    'http://ORIGIN.evil.example/names',
    'http://user:password@ORIGIN/names',
    'https://ORIGIN/names',
    'javascript:alert(1)',
    '/names',
    '',
  ])('is asked for nowhere but where the operator allows it: not at %j', async (text) => {
    answers('["example.com"]');
    const url = text.replace('ORIGIN', new URL(origin).host);
    expect(inventories().allows(url)).toBe(false);
    await expect(inventories().names(url)).rejects.toMatchObject({ code: 'asset_source.unavailable' });
    expect(asked).toEqual([]);
  });

  it.each<[string, () => void]>([
    ['redirects', () => answers('', 302, { location: '/elsewhere' })],
    ['fails', () => answers('["example.com"]', 500)],
    ['answers no JSON', () => answers('<html>')],
    ['answers no list', () => answers('{"assets": ["example.com"]}')],
    ['answers names that are none', () => answers('["example.com", 7]')],
    ['answers without end', () => answers(JSON.stringify(Array.from({ length: 40_000 }, () => 'example.com')))],
    ['does not answer', () => (answering = () => undefined)],
  ])('is unavailable when its server %s', async (_, prepare) => {
    prepare();
    const refused = { code: 'asset_source.unavailable', retryAfterSeconds: 5 };
    await expect(inventories().names(`${origin}/names`)).rejects.toMatchObject(refused);
    expect(asked).toHaveLength(1);
  });
});
