import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { startContainer } from './docker.mjs';
import { ensureProgram, stopSystemService } from './packages.mjs';
import { accepts, freePort, startProgram } from './process.mjs';

/** Live state must not lose an entry to make room: a full Redis refuses to write instead. Nothing here needs to outlive a restart. */
const settings = ['--maxmemory-policy', 'noeviction', '--save', '', '--appendonly', 'no'];

export const redis = {
  name: 'Redis',
  variable: 'REDIS_URL',
  probe: (url) => accepts(new URL(url).hostname, Number(new URL(url).port || 6379)),

  async fromDocker() {
    const { host, port, stop } = await startContainer({
      image: 'redis:7-alpine',
      port: 6379,
      command: ['redis-server', ...settings],
      ready: /Ready to accept connections/,
    });
    return { address: `redis://${host}:${port}`, stop };
  },

  async fromPrograms({ folder, progress }) {
    await ensureRedisProgram(progress);
    await mkdir(folder, { recursive: true });
    const port = await freePort();
    const listen = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
    const { pid, stop } = await startProgram('redis-server', [...listen, ...settings], {
      logFile: path.join(folder, 'redis.log'),
      ready: () => accepts('127.0.0.1', port),
    });
    return { address: `redis://127.0.0.1:${port}`, pid, stop };
  },
};

/** Tests that kill and pause a Redis start their own, so the program is needed even where another Redis serves the rest. */
export async function ensureRedisProgram(progress) {
  const { installed } = await ensureProgram('redis-server', { name: 'redis-server', title: 'Redis', progress });
  if (installed) await stopSystemService('redis-server');
}
