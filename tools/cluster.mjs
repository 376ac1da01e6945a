// npm run cluster: every service in its own processes on real Kafka, Redis and Postgres, two nodes of enforcement behind an edge.
import path from 'node:path';
import { ensureBuilt } from './built.mjs';
import { ensureInstalled, root } from './install.mjs';

ensureInstalled();
ensureBuilt();
const { backingServices } = await import('./backing/backing.mjs');
const { startCluster } = await import('../dist/tools/cluster/start-cluster.js');
const { lockFolder } = await import('../dist/tools/cluster/folder-lock.js');

const { PORT = '8080', LATCHKEY_DATA_DIR = '.latchkey', LATCHKEY_ADMIN_KEY } = process.env;
const dataDir = path.resolve(root, LATCHKEY_DATA_DIR, 'cluster');
const passedOn = Object.entries(process.env).filter(
  ([name]) => /^LATCHKEY_(?!TEST_)/.test(name) && name !== 'LATCHKEY_DATA_DIR',
);
const unlock = await lockFolder(dataDir).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
const backing = await backingServices();
const givenUp = new AbortController();
const starting = startCluster({
  databaseUrl: backing.addresses.DATABASE_URL,
  redisUrl: backing.addresses.REDIS_URL,
  kafkaBrokers: backing.addresses.KAFKA_BROKERS.split(','),
  dataDir,
  dist: path.join(root, 'dist'),
  port: Number(PORT),
  env: Object.fromEntries(passedOn),
  onLine: (name, line) => console.log(`${name.padEnd(14)}│ ${line}`),
  signal: givenUp.signal,
});

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop());
async function stop() {
  if (stopping) return;
  stopping = true;
  console.log('Stopping …');
  givenUp.abort();
  await starting.then((cluster) => cluster.stop()).catch(() => undefined);
  await backing.stop();
  await unlock();
  process.exit();
}

const cluster = await starting.catch((error) => {
  console.error(error.code === 'EADDRINUSE' ? `PORT: 127.0.0.1:${PORT} is in use` : error.message);
  process.exitCode = 1;
  return stop();
});
console.log(`\nLatchkey answers at ${cluster.url}`);
for (const { name, url, pid } of cluster.processes.values()) console.log(`  ${name.padEnd(14)} ${url}  process ${pid}`);
const keyFile = path.join(dataDir, 'issuance/admin-key');
const key = LATCHKEY_ADMIN_KEY === undefined ? `$(cat ${keyFile})` : '$LATCHKEY_ADMIN_KEY';
console.log(`
Next, in another terminal:

  # the keys there are
  curl -s ${cluster.url}/api/v1/api-keys -H "Authorization: Bearer ${key}"

  # end a node of enforcement: calls go on, and what is revoked stays revoked
  kill -9 ${cluster.processes.get('enforcement-1').pid}

Stop everything with Ctrl+C. Unless DATABASE_URL, REDIS_URL and KAFKA_BROKERS name services of yours, what is kept goes with it.
`);
