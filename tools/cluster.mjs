// npm run cluster: every service in its own processes on real Kafka, Redis and Postgres, two nodes of enforcement behind an edge.
import path from 'node:path';
import { ensureBuilt } from './built.mjs';
import { ensureInstalled, root } from './install.mjs';

ensureInstalled();
ensureBuilt();
const { backingServices } = await import('./backing/backing.mjs');
const { startCluster } = await import('../dist/tools/cluster/start-cluster.js');

const { PORT = '8080', LATCHKEY_DATA_DIR = '.latchkey' } = process.env;
const passedOn = Object.entries(process.env).filter(
  ([name]) => /^LATCHKEY_(?!TEST_)/.test(name) && name !== 'LATCHKEY_DATA_DIR',
);
const backing = await backingServices();
const givenUp = new AbortController();
const starting = startCluster({
  databaseUrl: backing.addresses.DATABASE_URL,
  redisUrl: backing.addresses.REDIS_URL,
  kafkaBrokers: backing.addresses.KAFKA_BROKERS.split(','),
  dataDir: path.resolve(root, LATCHKEY_DATA_DIR, 'cluster'),
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
  process.exit();
}

const cluster = await starting.catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
  return stop();
});
console.log(`\nLatchkey answers at ${cluster.url}`);
for (const { name, url, pid } of cluster.processes.values()) console.log(`  ${name.padEnd(14)} ${url}  process ${pid}`);
console.log('End a process and see that the rest goes on: kill -9 <process>. Stop everything: Ctrl+C.\n');
