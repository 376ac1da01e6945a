import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  startKafka,
  startMailServer,
  startPostgres,
  startRedis,
  type KafkaProcess,
  type MailServer,
  type PostgresProcess,
  type RedisProcess,
} from '@latchkey/testing';
import { Client } from 'pg';
import { startCluster, type Cluster } from '../../tools/cluster/start-cluster';
import { builtTree } from '../harness/program';
import { UndoStack } from '../harness/undo-stack';
import type { MarkedSecret } from './forms';

/** It writes down all that it can, parameters of queries too. What is compressed could not be searched. */
const POSTGRES = [
  'log_statement=all',
  'log_min_duration_statement=0',
  'log_parameter_max_length=-1',
  'log_parameter_max_length_on_error=-1',
  'log_connections=on',
  'log_error_verbosity=verbose',
  'log_min_messages=debug1',
  'wal_compression=off',
  'fsync=off',
];
const REDIS = [
  'loglevel verbose',
  'slowlog-log-slower-than 0',
  'slowlog-max-len 100000',
  'rdbcompression no',
  'aof-use-rdb-preamble no',
];

const random = () => randomBytes(24).toString('hex');

/** Servers that nobody else uses. */
export interface Servers {
  readonly postgres: PostgresProcess;
  readonly redis: RedisProcess;
  readonly kafka: KafkaProcess;
  /** What it has received is where it belongs. */
  readonly mails: MailServer;
  readonly secrets: readonly MarkedSecret[];
  stop(): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const [forPostgres, forRedis] = [random(), `${random()}/+"%`];
  const { result, undo } = await UndoStack.whole(async (undo) => {
    const keep = async <Server extends { stop(): Promise<void> }>(starting: Promise<Server>): Promise<Server> => {
      const server = await starting;
      undo.push(() => server.stop());
      return server;
    };
    const [postgres, redis, kafka, mails] = await Promise.all([
      keep(startPostgres({ password: forPostgres, settings: POSTGRES })),
      keep(startRedis({ password: forRedis, persistent: true, settings: REDIS })),
      keep(startKafka()),
      keep(startMailServer()),
    ]);
    return { postgres, redis, kafka, mails };
  });
  const secrets = [
    { name: 'password of Postgres', value: forPostgres },
    { name: 'password of Redis', value: forRedis },
  ];
  return { ...result, secrets, stop: () => undo.undo() };
}

/** A cluster that says as much as it can. */
export interface Installation {
  readonly cluster: Cluster;
  readonly databaseUrl: string;
  /** Of all services, a folder for each, and of what they share. */
  readonly dataDir: string;
  /** Files in it that are there to hold a secret. */
  readonly secretFiles: readonly string[];
  readonly adminKey: string;
  readonly secrets: readonly MarkedSecret[];
  /** Lines that its processes have written, by the name of each. */
  readonly output: ReadonlyMap<string, readonly string[]>;
  stop(): Promise<void>;
}

/** @param configured the admin key that it is given; absent: it makes one */
export async function install({ postgres, redis, kafka, mails }: Servers, name: string, configured?: string) {
  const password = random();
  const { result, undo } = await UndoStack.whole(async (undo): Promise<Omit<Installation, 'stop'>> => {
    const dataDir = await mkdtemp(path.join(tmpdir(), `latchkey-${name}-`));
    undo.push(() => rm(dataDir, { recursive: true, force: true }));
    await chmod(dataDir, 0o755);
    const databaseUrl = await makeDatabase(postgres.url, name);
    const output = new Map<string, string[]>();
    const cluster = await startCluster({
      databaseUrl,
      redisUrl: redis.url,
      kafkaBrokers: [kafka.url],
      topicPrefix: `${name}.`,
      dataDir,
      dist: builtTree,
      env: {
        LATCHKEY_PROFILE: 's4e',
        LATCHKEY_LOG_LEVEL: 'trace',
        LATCHKEY_ADMIN_PASSWORD: password,
        SMTP_URL: `smtp://127.0.0.1:${mails.port}`,
        ...(configured !== undefined && { LATCHKEY_ADMIN_KEY: configured }),
      },
      onLine: (process, line) => output.set(process, [...(output.get(process) ?? []), line]),
    });
    undo.push(() => cluster.stop());
    const [pepper, masterKey] = ['secrets/pepper', 'secrets/master-key'].map((file) => path.join(dataDir, file));
    const made = configured === undefined ? [path.join(dataDir, 'issuance/admin-key')] : [];
    const secretFiles = [pepper, masterKey, ...made].filter((file) => file !== undefined);
    const values = await Promise.all(secretFiles.map(async (file) => (await readFile(file, 'utf8')).trim()));
    const [, , adminKey = configured ?? ''] = values;
    const named = ['pepper', 'master key', 'admin key'].map((each, place) => ({
      name: `${each} of the ${name} installation`,
      value: values[place] ?? adminKey,
    }));
    const secrets = [...named, { name: `password of the ${name} owner`, value: password }];
    return { cluster, databaseUrl, dataDir, secretFiles, adminKey, secrets, output };
  });
  return { ...result, stop: () => undo.undo() };
}

async function makeDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
}
