import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from './eventually';
import { freePort, serverProcess, type ServerProcess } from './server-process';

export type RedisProcess = ServerProcess;

export interface RedisOptions {
  /** Whether a restart finds the data again (append-only file, synced on every write). Off: a restart is a loss of all data. */
  persistent?: boolean;
  /** None when absent. */
  password?: string;
  /** Further lines of its configuration: `slowlog-max-len 1000`. */
  settings?: readonly string[];
}

/** A `redis-server` of one's own, on the loopback, with the eviction policy that live state asks for. */
export async function startRedis({
  persistent = false,
  password,
  settings = [],
}: RedisOptions = {}): Promise<RedisProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-redis-'));
  const port = await freePort();
  const config = [
    ...[
      'bind 127.0.0.1',
      `port ${port}`,
      `dir ${folder}`,
      'logfile redis.log',
      'save ""',
      'maxmemory-policy noeviction',
    ],
    ...(persistent ? ['appendonly yes', 'appendfsync always'] : []),
    ...(password === undefined ? [] : [`requirepass ${JSON.stringify(password)}`]),
    ...settings,
  ];
  const url = `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`;
  return serverProcess({ port, folder, launch: async () => ({ url, pid: await launch(config, port, password) }) });
}

/** The configuration is given on its standard input, so that a password stands on no command line. */
async function launch(config: readonly string[], port: number, password?: string): Promise<number> {
  const child = spawn('redis-server', ['-'], { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.on('error', () => undefined); // it says why by its exit
  child.stdin.end(`${config.join('\n')}\n`);
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${String(code)} while starting`)));
  });
  await Promise.race([failed, eventually(() => ping(port, password), { timeoutMs: 10_000 })]);
  failed.catch(() => undefined); // its end is no news from here on
  return child.pid ?? -1;
}

/** Redis accepts connections before it has loaded its data; only then it answers PONG. */
function ping(port: number, password: string | undefined): Promise<void> {
  const login = password === undefined ? '' : `AUTH ${JSON.stringify(password)}\r\n`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 });
    let answer = '';
    socket.once('connect', () => socket.write(`${login}PING\r\n`));
    socket.on('data', (part) => {
      answer += part.toString();
      if (!/^[+-](?!OK)/m.test(answer)) return;
      socket.destroy();
      if (answer.includes('+PONG')) resolve();
      else reject(new Error(answer));
    });
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
  });
}
