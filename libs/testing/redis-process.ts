import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from './eventually';
import { freePort, killHard, signal, type ServerProcess } from './server-process';

export type RedisProcess = ServerProcess;

export interface RedisOptions {
  /** Whether a restart finds the data again (append-only file, synced on every write). Off: a restart is a loss of all data. */
  persistent?: boolean;
}

/** A `redis-server` of one's own, on the loopback, with the eviction policy that live state asks for. */
export async function startRedis({ persistent = false }: RedisOptions = {}): Promise<RedisProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-redis-'));
  const port = await freePort();
  const persistence = persistent ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  const settings = ['--save', '', ...persistence, '--maxmemory-policy', 'noeviction'];
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, ...settings];
  let child = await launch(args, port);
  const pid = () => child.pid ?? -1;
  const kill = () => killHard(pid());

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return pid();
    },
    kill,
    pause: () => void signal(pid(), 'SIGSTOP'),
    resume: () => void signal(pid(), 'SIGCONT'),
    async restart() {
      await kill();
      child = await launch(args, port);
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${String(code)} while starting`)));
  });
  await Promise.race([failed, eventually(() => ping(port), { timeoutMs: 10_000 })]);
  failed.catch(() => undefined); // its end is no news from here on
  return child;
}

/** Redis accepts connections before it has loaded its data; only then it answers PONG. */
function ping(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 });
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (answer) => {
      socket.destroy();
      if (answer.toString().startsWith('+PONG')) resolve();
      else reject(new Error(answer.toString()));
    });
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
  });
}
