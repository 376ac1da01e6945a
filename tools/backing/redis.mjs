import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../../apps/standalone/postgres/server.mjs';
import { startContainer } from './docker.mjs';
import { ensureProgram, stopSystemService } from './packages.mjs';
import { accepts, startProgram } from './process.mjs';

/** Live state must not lose an entry to make room: a full Redis refuses to write instead. Nothing here needs to outlive a restart. */
const settings = ['--maxmemory-policy', 'noeviction', '--save', '', '--appendonly', 'no'];

export const redis = {
  name: 'Redis',
  variable: 'REDIS_URL',
  probe: (url) => accepts(new URL(url).hostname, Number(new URL(url).port || 6379)),

  // Enforcement believes what is in Redis, and a container's port is open to the network: so there is a password, always.
  async fromDocker() {
    const password = newPassword();
    const { host, port, stop } = await startContainer({
      image: 'redis:7-alpine',
      port: 6379,
      command: ['redis-server', ...settings, '--requirepass', password],
      ready: /Ready to accept connections/,
    });
    return { address: `redis://:${password}@${host}:${port}`, stop };
  },

  async fromPrograms({ folder, progress }) {
    await ensureRedisProgram(progress);
    await mkdir(folder, { recursive: true });
    const port = await freePort();
    const password = newPassword();
    const config = path.join(folder, 'redis.conf');
    await writeFile(config, `requirepass ${password}\n`, { mode: 0o600 });
    const listen = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
    const { pid, stop } = await startProgram('redis-server', [config, ...listen, ...settings], {
      logFile: path.join(folder, 'redis.log'),
      ready: () => accepts('127.0.0.1', port),
    });
    return { address: `redis://:${password}@127.0.0.1:${port}`, pid, stop };
  },
};

const newPassword = () => randomBytes(16).toString('hex');

/** Tests that kill and pause a Redis start their own, so the program is needed even where another Redis serves the rest. */
export async function ensureRedisProgram(progress) {
  const { installed } = await ensureProgram('redis-server', { name: 'redis-server', title: 'Redis', progress });
  if (installed) await stopSystemService('redis-server');
}
