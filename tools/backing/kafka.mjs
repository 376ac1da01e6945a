import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startContainer } from './docker.mjs';
import { ensureProgram } from './packages.mjs';
import { accepts, freePort, startProgram } from './process.mjs';

const run = promisify(execFile);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const recipe = path.join(root, 'tools/kafka');

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
      image: `apache/kafka:${await kafkaVersion()}`,
      port: 9092,
      hostPort: port,
      env: Object.fromEntries(Object.entries({ ...node, ...settings }).map(asVariable)),
      ready: /Kafka Server started/,
    });
    return { address: `localhost:${port}`, stop };
  },

  async fromPrograms({ folder, progress }) {
    await ensureProgram('java', { name: 'default-jre-headless', title: 'Java', progress });
    const libraries = await fetchKafka(progress);
    await mkdir(folder, { recursive: true });
    const [port, controllerPort] = [await freePort(), await freePort()];
    const config = path.join(folder, 'server.properties');
    const node = {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      'controller.listener.names': 'CONTROLLER',
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
      'log.dirs': path.join(folder, 'data'),
    };
    await writeFile(
      config,
      Object.entries({ ...node, ...settings })
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    const java = (heap, main, ...args) => [
      heap,
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      `-Dlog4j2.configurationFile=${recipe}/log4j2.properties`,
      '-cp',
      `${libraries}/*`,
      main,
      ...args,
    ];
    await run(
      'java',
      java(
        '-Xmx128m',
        'kafka.tools.StorageTool',
        'format',
        '--cluster-id',
        'bGF0Y2hrZXlsYXRjaGtleQ',
        '--config',
        config,
      ),
      { timeout: 60_000 },
    );
    const { pid, stop } = await startProgram('java', java('-Xmx512m', 'kafka.Kafka', config), {
      logFile: path.join(folder, 'kafka.log'),
      ready: () => accepts('127.0.0.1', port),
    });
    return { address: `127.0.0.1:${port}`, pid, stop };
  },
};

const kafkaVersion = async () =>
  /<kafka.version>(.+)<\/kafka.version>/.exec(await readFile(path.join(recipe, 'pom.xml'), 'utf8'))[1];

/** The folder with the broker's libraries, fetched once per version; half a download never counts as one. */
async function fetchKafka(progress) {
  const target = path.join(root, '.cache/kafka', await kafkaVersion());
  if (await stat(target).catch(() => undefined)) return target;
  await ensureProgram('mvn', { name: 'maven', title: 'Maven', progress });
  progress('Fetching Kafka from its Maven artefacts …');
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await run('mvn', ['-q', '-B', '-f', recipe, 'dependency:copy-dependencies', `-DoutputDirectory=${partial}`], {
    timeout: 600_000,
  });
  await rename(partial, target);
  return target;
}
