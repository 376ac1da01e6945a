import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { call } from '../harness/http';
import type { Installation, Servers } from './stage';
import type { SecretSearch } from './secret-search';

/** Every kind of place in which something may be written down, as findings name them. */
export const PLACES = [
  'output of a service',
  'answer',
  'command line',
  'data folder',
  'Postgres table',
  'Postgres file: data/base/',
  'Postgres file: data/pg_wal/',
  'Postgres file: postgres.log',
  'Redis key',
  'Redis slow log',
  'Redis monitor',
  'Redis file: appendonlydir/',
  'Redis file: dump.rdb',
  'Kafka message',
  'Kafka file: data/',
] as const;
// Traces: nothing makes any yet. Whoever adds them adds what their exporter sends here.

/** What shows only while everything runs. */
export async function lookAtRunning(search: SecretSearch, servers: Servers, installation: Installation): Promise<void> {
  for (const { name, adminUrl, url } of installation.cluster.processes.values()) {
    const { text } = await call(name === 'assets-api' ? url : adminUrl, { path: '/metrics' });
    search.look(`metrics of ${name}`, text);
  }
  await lookAtCommandLines(search);
  await lookInTables(search, installation.databaseUrl);
  await lookInRedis(search, servers.redis.url);
  await lookAtMessages(search, servers.kafka.url);
}

/** Of every process on the machine: Postgres makes titles for its own. */
async function lookAtCommandLines(search: SecretSearch): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`).catch(() => Buffer.alloc(0));
    search.look(`command line ${pid}`, line);
  }
}

async function lookInTables(search: SecretSearch, databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t`);
    for (const { row } of rows) search.look(`Postgres table ${name}`, row);
  }
  await client.query('CHECKPOINT');
  await client.end();
}

async function lookInRedis(search: SecretSearch, url: string): Promise<void> {
  const redis = new Redis(url);
  for await (const keys of redis.scanStream({ count: 1_000 }) as AsyncIterable<string[]>) {
    for (const key of keys) {
      search.look(`Redis key ${key}`, key);
      const dump = await redis.dumpBuffer(key);
      if (dump !== null) search.look(`Redis key ${key}`, dump);
    }
  }
  for (const part of flattened(await redis.callBuffer('SLOWLOG', 'GET', '-1'))) search.look('Redis slow log', part);
  await redis.save();
  redis.disconnect();
}

const flattened = (reply: unknown): readonly Buffer[] =>
  Array.isArray(reply) ? reply.flatMap(flattened) : Buffer.isBuffer(reply) ? [reply] : [];

async function lookAtMessages(search: SecretSearch, broker: string): Promise<void> {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
  const ends = new Map<string, number>();
  for (const topic of topics)
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      if (Number(high) > 0) ends.set(`${topic} ${partition}`, Number(high));
  await admin.disconnect();
  const consumer = kafka.consumer({ groupId: 'search' });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const read = consumer.run({
      eachMessage: async ({ topic, partition, message }) => {
        const { key, value, headers = {}, offset } = message;
        for (const part of [key, value, JSON.stringify(headers)])
          if (part !== null) search.look(`Kafka message in ${topic}`, part);
        if (Number(offset) + 1 >= (ends.get(`${topic} ${partition}`) ?? 0)) ends.delete(`${topic} ${partition}`);
        if (ends.size === 0) resolve();
      },
    });
    read.catch(reject);
  });
  await consumer.disconnect();
}

/** What is left on disk, and what was written on the way. */
export async function lookAtRemains(
  search: SecretSearch,
  { postgres, redis, kafka }: Servers,
  installations: readonly Installation[],
): Promise<void> {
  for (const { dataDir, secretFiles, output } of installations) {
    for (const [name, lines] of output) for (const line of lines) search.look(`output of a service: ${name}`, line);
    await search.lookInFolder('data folder', dataDir, secretFiles);
  }
  await search.lookInFolder('Postgres file', postgres.folder);
  await search.lookInFolder('Redis file', redis.folder);
  await search.lookInFolder('Kafka file', kafka.folder);
}

/** Everything that Redis is told, as it comes (MONITOR). */
export class RedisMonitor {
  readonly #chunks: Buffer[] = [];
  #end: () => void = () => undefined;

  /** Resolves when Redis has begun. To be called again after a restart of it. */
  async start(url: string): Promise<void> {
    const { port, password } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => this.#chunks.push(Buffer.from(chunk)));
    socket.write(`AUTH ${JSON.stringify(decodeURIComponent(password))}\r\nMONITOR\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    this.#end = () => socket.destroy();
  }

  stop(): Buffer {
    this.#end();
    return Buffer.concat(this.#chunks);
  }
}
