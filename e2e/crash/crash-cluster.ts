import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  backing,
  freshDatabase,
  startKafka,
  startPostgres,
  startRedis,
  type KafkaProcess,
  type PostgresProcess,
  type RedisProcess,
} from '@latchkey/testing';
import { startCluster, type Cluster } from '../../tools/cluster/start-cluster';
import { builtTree } from '../harness/program';
import { UndoStack } from '../harness/undo-stack';
import { deleteTopics } from './observe';

export interface CrashClusterOptions {
  /** Scripts of this folder that every process loads before its own code. */
  readonly preload?: readonly string[];
  /** A Postgres and a Kafka of its own, to be killed; else those that tests share. Redis is its own always. */
  readonly own?: readonly ('postgres' | 'kafka')[];
  /** How many processes of a service there are, where that is not what the table says. */
  readonly instances?: Readonly<Record<string, number>>;
  /** Variables besides those of every such cluster. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Every service in processes of its own, which a test may kill, with what they keep. */
export interface CrashCluster {
  /** Where clients call. */
  readonly url: string;
  readonly adminKey: string;
  readonly processes: Cluster['processes'];
  /** Every node of enforcement, past the edge, by its name. */
  readonly nodes: ReadonlyMap<string, string>;
  readonly redis: RedisProcess;
  readonly postgres: PostgresProcess | null;
  readonly kafka: KafkaProcess | null;
  readonly databaseUrl: string;
  readonly kafkaBrokers: readonly string[];
  readonly topicPrefix: string;
  readonly dataDir: string;
  stop(): Promise<void>;
}

export async function startCrashCluster({
  preload = [],
  own = [],
  instances = {},
  env = {},
}: CrashClusterOptions = {}): Promise<CrashCluster> {
  const { result, undo } = await UndoStack.whole(async (undo) => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'latchkey-crash-'));
    undo.push(() => rm(dataDir, { recursive: true, force: true }));
    await chmod(dataDir, 0o755);
    const keep = <Server extends { stop(): Promise<void> }>(server: Server): Server => {
      undo.push(() => server.stop());
      return server;
    };
    const redis = keep(await startRedis());
    const postgres = own.includes('postgres') ? keep(await startPostgres()) : null;
    const kafka = own.includes('kafka') ? keep(await startKafka()) : null;
    const kafkaBrokers = kafka === null ? backing().kafkaBrokers : [kafka.url];
    const topicPrefix = `${path.basename(dataDir)}.`;
    undo.push(() => deleteTopics(kafkaBrokers, topicPrefix));
    const database = postgres === null ? await freshDatabase() : { url: postgres.url, drop: () => undefined };
    undo.push(() => database.drop());
    const cluster = await startCluster({
      databaseUrl: database.url,
      redisUrl: redis.url,
      kafkaBrokers,
      dataDir,
      dist: builtTree,
      topicPrefix,
      instances,
      env: {
        LATCHKEY_PROFILE: 'latchkey',
        ...env,
        ...(preload.length > 0 && {
          NODE_OPTIONS: preload.map((script) => `--require ${path.join(__dirname, script)}`).join(' '),
        }),
      },
      ...(process.env['CRASH_LOG'] !== undefined && {
        onLine: (name, line) => process.stderr.write(`${name} │ ${line}\n`),
      }),
    });
    undo.push(() => cluster.stop());
    const adminKey = (await readFile(path.join(dataDir, 'issuance/admin-key'), 'utf8')).trim();
    const nodes = new Map(
      [...cluster.processes.values()]
        .filter(({ name }) => name.startsWith('enforcement'))
        .map(({ name, url }) => [name, url]),
    );
    const { url, processes } = cluster;
    const addresses = { databaseUrl: database.url, kafkaBrokers, topicPrefix, dataDir };
    return { url, processes, adminKey, nodes, redis, postgres, kafka, ...addresses };
  });
  return { ...result, stop: () => undo.undo() };
}

export function processOf({ processes }: CrashCluster, name: string) {
  const found = processes.get(name);
  if (!found) throw new Error(`the cluster has no ${name}`);
  return found;
}
