import { randomBytes } from 'node:crypto';
import { startPostgres } from '../../apps/standalone/postgres/server.mjs';
import { startContainer } from './docker.mjs';
import { accepts } from './process.mjs';

/** For this start alone, as its data are. */
const password = randomBytes(16).toString('hex');
const settings = ['max_connections=300'];

export const postgres = {
  name: 'Postgres',
  variable: 'DATABASE_URL',
  probe: (url) => accepts(new URL(url).hostname, Number(new URL(url).port || 5432)),

  async fromDocker() {
    const { host, port, stop } = await startContainer({
      image: 'postgres:18-alpine',
      port: 5432,
      env: { POSTGRES_PASSWORD: password },
      command: ['postgres', ...settings.flatMap((setting) => ['-c', setting])],
      ready: /database system is ready to accept connections/,
      times: 2,
    });
    return { address: `postgres://postgres:${password}@${host}:${port}/postgres`, stop };
  },

  async fromPrograms({ folder }) {
    const { url, stop } = await startPostgres({ folder, password, settings });
    return { address: url, stop };
  },
};
