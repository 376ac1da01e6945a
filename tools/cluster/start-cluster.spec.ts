import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { services } from './services';
import { startCluster, type Cluster } from './start-cluster';

/** Answers every request with its name and what it was told; `REFUSES` ends it at once. */
const program = `
  const { createServer } = require('node:http');
  const { LATCHKEY_DATA_DIR: dir, LATCHKEY_PEPPER: pepper, LATCHKEY_ISSUANCE_GRPC: issuance, OAUTH_ISSUER: issuer } = process.env;
  const name = dir.split('/').at(-1);
  console.log('pid ' + process.pid);
  if (process.env.REFUSES === name) throw new Error('refused');
  const server = createServer((_, reply) => reply.end(JSON.stringify({ name, pepper, issuance, issuer, grpc: process.env.GRPC_PORT })));
  server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
  process.on('SIGTERM', () => { console.log('ended in order'); process.exit(0); });
`;

interface Answer {
  readonly name: string;
  readonly pepper?: string;
  readonly issuance: string;
  readonly issuer?: string;
  readonly grpc: string;
}

describe('a cluster of processes', () => {
  let folder: string;
  let cluster: Cluster | undefined;
  const lines: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'latchkey-cluster-'));
    for (const { entry } of services) {
      const file = path.join(folder, 'dist', entry);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, program);
    }
  });
  beforeEach(() => (lines.length = 0));
  afterEach(() => cluster?.stop());
  afterAll(() => rm(folder, { recursive: true }));

  const start = (env: Record<string, string> = {}, signal?: AbortSignal) =>
    startCluster({
      ...(signal && { signal }),
      databaseUrl: 'postgres://unused',
      redisUrl: 'redis://unused',
      kafkaBrokers: ['unused:9092'],
      dataDir: path.join(folder, 'data'),
      dist: path.join(folder, 'dist'),
      env,
      onLine: (name, line) => lines.push(`${name}: ${line}`),
    });
  const get = async (url: string) => (await (await fetch(url)).json()) as Answer;

  it('has every service ready behind one edge, with the addresses of its peers and its own secrets', async () => {
    cluster = await start();
    const [check, keys] = [await get(`${cluster.url}/v1/check`), await get(`${cluster.url}/api/v1/api-keys`)];
    expect([check.name, keys.name]).toEqual([expect.stringMatching(/^enforcement-/), 'issuance']);
    expect(check.issuance).toBe(`127.0.0.1:${keys.grpc}`);
    expect(keys.pepper).toMatch(/^[0-9a-f]{64}$/);
    expect(check.pepper).toBeUndefined();
    expect((await get(`${cluster.url}/nowhere`)).name).toBe('issuance');
  });

  it('issues and takes access tokens in the name of its edge, or in the one that users know', async () => {
    const issuers = async ({ url }: Cluster) =>
      Promise.all(['/oauth/token', '/v1/check'].map(async (path) => (await get(`${url}${path}`)).issuer));
    cluster = await start();
    expect(await issuers(cluster)).toEqual([cluster.url, cluster.url]);
    await cluster.stop();
    cluster = await start({ PUBLIC_URL: 'https://id.example.com' });
    expect(await issuers(cluster)).toEqual(['https://id.example.com', 'https://id.example.com']);
  });

  it('makes its secrets once', async () => {
    const peppers = [];
    for (let starts = 0; starts < 2; starts += 1) {
      cluster = await start();
      peppers.push((await get(`${cluster.url}/api/v1/api-keys`)).pepper);
      await cluster.stop();
    }
    expect(peppers[1]).toBe(peppers[0]);
  });

  it('goes on when a node is killed, and takes it back when it is started again', async () => {
    cluster = await start();
    const { url, processes } = cluster;
    const nodes = async () => new Set([(await get(`${url}/v1/check`)).name, (await get(`${url}/v1/check`)).name]);
    expect(await nodes()).toEqual(new Set(['enforcement-1', 'enforcement-2']));
    await processes.get('enforcement-1')?.kill();
    expect(await nodes()).toEqual(new Set(['enforcement-2']));
    await processes.get('enforcement-1')?.restart();
    expect(await nodes()).toEqual(new Set(['enforcement-1', 'enforcement-2']));
  });

  it('ends every process in order', async () => {
    cluster = await start();
    const processes = [...cluster.processes.values()];
    await cluster.stop();
    expect(lines).toEqual(expect.arrayContaining(processes.map(({ name }) => `${name}: ended in order`)));
    for (const each of processes) expect(() => each.pid).toThrow('does not run');
  });

  it('is not told to end by what gives up a start, once it has started', async () => {
    const givenUp = new AbortController();
    cluster = await start({}, givenUp.signal);
    givenUp.abort();
    expect((await get(`${cluster.url}/nowhere`)).name).toBe('issuance');
    await cluster.stop();
    expect(lines.filter((line) => line.endsWith('ended in order'))).toHaveLength(cluster.processes.size);
  });

  it('does not start without one of its services, says why, and leaves none running', async () => {
    await expect(start({ REFUSES: 'audit' })).rejects.toThrow(/audit did not become ready:[^]*refused/);
    const pids = lines.flatMap((line) => /: pid (\d+)$/.exec(line)?.[1] ?? []).map(Number);
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
