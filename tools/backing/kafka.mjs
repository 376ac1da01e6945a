import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../../apps/standalone/postgres/server.mjs';
import { startContainer } from './docker.mjs';
import { ensureProgram } from './packages.mjs';
import { accepts, startProgram } from './process.mjs';

const run = promisify(execFile);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const recipe = path.join(root, 'tools/kafka');
/** Any 16 bytes in base64url. */
const clusterId = 'bGF0Y2hrZXlsYXRjaGtleQ';

/** One node. Groups start at once and topics are made on first use, as tests want it. */
const settings = {
  'auto.create.topics.enable': 'true',
  'num.partitions': '6',
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '3',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '3',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
};

export const kafka = {
  name: 'Kafka',
  variable: 'KAFKA_BROKERS',
  async probe(brokers) {
    const [first = ''] = brokers.split(',');
    const [host, port] = first.split(':');
    return accepts(host, Number(port ?? 9092));
  },

  async fromDocker() {
    const port = await freePort();
    const node = {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.voters': '1@localhost:9093',
      'controller.listener.names': 'CONTROLLER',
      listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      'advertised.listeners': `PLAINTEXT://localhost:${port}`,
    };
    const asVariable = ([name, value]) => [`KAFKA_${name.toUpperCase().replaceAll('.', '_')}`, value];
    const { stop } = await startContainer({
      image: `apache/kafka:${versionIn(await pom())}`,
      port: 9092,
      hostPort: port,
      env: Object.fromEntries(Object.entries({ ...node, ...settings }).map(asVariable)),
      ready: /Kafka Server started/,
    });
    return { address: `localhost:${port}`, stop };
  },

  fromPrograms: async ({ folder, progress }) =>
    startKafka({ folder, port: await freePort(), controllerPort: await freePort(), progress }),
};

/** Starts the broker from its Maven artefacts, on an address of the loopback, with what it finds in `folder`. `more`: its own settings. */
export async function startKafka({ folder, host = '127.0.0.1', port, controllerPort, more = {}, progress }) {
  await ensureProgram('java', { name: 'default-jre-headless', title: 'Java', progress });
  const libraries = await fetchKafka(progress);
  await mkdir(folder, { recursive: true });
  const config = path.join(folder, 'server.properties');
  const data = path.join(folder, 'data');
  const node = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${host}:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${host}:${port}`,
    'log.dirs': data,
  };
  const lines = Object.entries({ ...node, ...settings, ...more }).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(config, lines.join(''));
  const logging = `-Dlog4j2.configurationFile=${path.join(recipe, 'log4j2.properties')}`;
  const java = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', logging, '-cp', path.join(libraries, '*')];
  if (!(await stat(path.join(data, 'meta.properties')).catch(() => undefined))) {
    const format = ['kafka.tools.StorageTool', 'format', '--cluster-id', clusterId, '--config', config];
    await run('java', ['-Xmx128m', ...java, ...format], { timeout: 60_000 });
  }
  const { pid, stop } = await startProgram('java', ['-Xmx512m', ...java, 'kafka.Kafka', config], {
    logFile: path.join(folder, 'kafka.log'),
    ready: () => accepts(host, port),
  });
  return { address: `${host}:${port}`, pid, stop };
}

const pom = () => readFile(path.join(recipe, 'pom.xml'), 'utf8');
const versionIn = (text) => /<kafka.version>(.+)<\/kafka.version>/.exec(text)[1];

/** The folder with the broker's libraries, fetched once per content of the recipe; half a download never counts as one. */
async function fetchKafka(progress) {
  const text = await pom();
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const target = path.join(root, '.cache/kafka', `${versionIn(text)}-${digest}`);
  if (await stat(target).catch(() => undefined)) return target;
  await ensureProgram('mvn', { name: 'maven', title: 'Maven', progress });
  progress('Fetching Kafka from its Maven artefacts …');
  await mkdir(path.dirname(target), { recursive: true });
  const partial = await mkdtemp(`${target}.partial-`);
  const command = ['-q', '-B', '-f', recipe, 'dependency:copy-dependencies', `-DoutputDirectory=${partial}`];
  await run('mvn', command, { timeout: 600_000 });
  await rename(partial, target);
  return target;
}
