// npm run cluster: every service in its own processes on real Kafka, Redis and Postgres, two nodes of enforcement behind an edge.
import path from 'node:path';
import { ensureBuilt } from './built.mjs';
import { commandLine } from './command-line.mjs';
import { ensureInstalled, root } from './install.mjs';

commandLine({
  usage: `usage: npm run cluster

Starts every service in processes of its own, two nodes of enforcement behind an edge, on real Kafka, Redis and Postgres, and installs and
compiles what it needs first. Takes no options; it is configured by environment variables, all in docs/configuration.md:

  PORT               8080 unless told: the edge
  LATCHKEY_DATA_DIR  .latchkey: what is kept, in its folder "cluster"
  LATCHKEY_PROFILE   latchkey: of the first workspace, at the first start; or s4e, zshield, slaunch
  DATABASE_URL, REDIS_URL, KAFKA_BROKERS
                     services of yours; those not named are started in Docker, else as local programs, and end with the cluster`,
});
ensureInstalled();
ensureBuilt();
const { backingServices } = await import('./backing/backing.mjs');
const { startCluster } = await import('../dist/tools/cluster/start-cluster.js');
const { prepare } = await import('../dist/tools/cluster/prepare.js');
const { isOwn } = await import('../dist/tools/cluster/services.js');

const { PORT = '8080', LATCHKEY_DATA_DIR = '.latchkey', LATCHKEY_ADMIN_KEY } = process.env;
const dataDir = path.resolve(root, LATCHKEY_DATA_DIR, 'cluster');
const passedOn = Object.entries(process.env).filter(
  ([name]) => isOwn(name) && !name.startsWith('LATCHKEY_TEST_') && name !== 'LATCHKEY_DATA_DIR',
);
const env = Object.fromEntries(passedOn);
const { port, unlock } = await prepare(env, { folder: dataDir, port: PORT }).catch((error) => {
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
  port,
  env,
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
  console.error(error.message);
  process.exitCode = 1;
  return stop();
});
console.log(`\nLatchkey answers at ${cluster.url}`);
const isNode = (name) => name.startsWith('enforcement');
for (const { name, url, grpcAddress, pid } of cluster.processes.values()) {
  const grpc = isNode(name) ? `gRPC ${grpcAddress}` : '';
  console.log(`  ${name.padEnd(14)} ${url}  ${grpc.padEnd(20)}  process ${pid}`);
}
const [node] = [...cluster.processes.values()].filter(({ name }) => isNode(name));
const keyFile = path.join(dataDir, 'issuance/admin-key');
const key = LATCHKEY_ADMIN_KEY === undefined ? `$(cat ${keyFile})` : '$LATCHKEY_ADMIN_KEY';
console.log(`
Next, in another terminal:

  # the keys there are
  curl -s ${cluster.url}/api/v1/api-keys -H "Authorization: Bearer ${key}"

  # may a key pass? over HTTP by the edge, and over gRPC, which goes to a node itself
  curl -s ${cluster.url}/v1/check -H "Content-Type: application/json" -d '{"credential": "<a key>", "scopes": ["assets:read"]}'
  node examples/ask-over-grpc.mjs "<a key>" assets:read ${node.grpcAddress}

  # end a node of enforcement: calls go on, and what is revoked stays revoked
  kill -9 ${node.pid}

Stop everything with Ctrl+C. Unless DATABASE_URL, REDIS_URL and KAFKA_BROKERS name services of yours, what is kept goes with it.
`);
