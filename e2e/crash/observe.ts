import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { SOURCES, TOPICS } from '@latchkey/contracts';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { builtTree } from '../harness/program';
import { callerOf } from '../harness/http';
import type { CrashCluster } from './crash-cluster';
import type { AuditedEvent, ListedKey, PublishedMessage, Source, StoredEvent } from './invariants';

const READ_TIMEOUT_MS = 60_000;
const PAGE = 200;

/** The services that publish, by the schema of each. */
export const PUBLISHERS = {
  issuance: { source: SOURCES.issuance, topic: TOPICS.keys },
  identity: { source: SOURCES.identity, topic: TOPICS.identity },
  oauth: { source: SOURCES.oauth, topic: TOPICS.oauth },
} as const;
export type PublisherName = keyof typeof PUBLISHERS;

/** One service's events in its store, in Kafka and in the audit, read with clients of our own. */
export async function readSource(cluster: CrashCluster, name: PublisherName): Promise<Source> {
  const { source, topic } = PUBLISHERS[name];
  const database = await inDatabase(cluster, async (client) => ({
    stored: await storedEvents(client, name),
    waiting: await waitingEvents(client, name),
    audited: await auditedEvents(client, source),
    ranges: await auditedRanges(client, source),
  }));
  return { name, ...database, published: await messagesOf(cluster, topic) };
}

/** Whether the audit has all that `name` has committed. */
export const isAudited = (cluster: CrashCluster, name: PublisherName): Promise<boolean> =>
  inDatabase(cluster, async (client) => {
    const { rows } = await client.query<{ all: boolean }>(
      `SELECT (SELECT count(*) FROM ${name}.events) = (SELECT count(*) FROM audit.audit_events WHERE source = $1) AS all`,
      [PUBLISHERS[name].source],
    );
    return rows[0]?.all ?? false;
  });

async function storedEvents(client: Client, schema: PublisherName): Promise<readonly StoredEvent[]> {
  const { rows } = await client.query<{ [Column in keyof StoredEvent]: string }>(
    `SELECT stream_id AS "streamId", version, event_id AS "eventId", type, meta->>'requestId' AS "requestId",
            convert_from(data, 'UTF8') AS data, position
       FROM ${schema}.positions JOIN ${schema}.events USING (stream_id, version) ORDER BY position`,
  );
  return rows.map((row) => ({ ...row, version: Number(row.version), position: Number(row.position) }));
}

async function waitingEvents(client: Client, schema: PublisherName): Promise<number> {
  const { rows } = await client.query<{ waiting: string }>(
    `SELECT (SELECT count(*) FROM ${schema}.events) - (SELECT count(*) FROM ${schema}.positions) AS waiting`,
  );
  return Number(rows[0]?.waiting);
}

async function auditedEvents(client: Client, source: string): Promise<readonly AuditedEvent[]> {
  const { rows } = await client.query<{ position: string; eventId: string; bytes: Buffer }>(
    `SELECT position, event_id AS "eventId", event AS bytes FROM audit.audit_events WHERE source = $1 ORDER BY position`,
    [source],
  );
  return rows.map((row) => ({ ...row, position: Number(row.position) }));
}

async function auditedRanges(client: Client, source: string): Promise<readonly (readonly [number, number])[]> {
  const { rows } = await client.query<{ first: string; last: string }>(
    `SELECT first_position AS first, last_position AS last FROM audit.position_ranges WHERE source = $1 ORDER BY 1`,
    [source],
  );
  return rows.map(({ first, last }) => [Number(first), Number(last)]);
}

export async function inDatabase<Result>(
  { databaseUrl }: CrashCluster,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const kafkaOf = (brokers: readonly string[]) =>
  new Kafka({ brokers: [...brokers], clientId: 'crash-test', logLevel: logLevel.NOTHING });

/** The whole topic, each partition in its order. */
export async function messagesOf(
  { kafkaBrokers, topicPrefix }: CrashCluster,
  name: string,
): Promise<readonly PublishedMessage[]> {
  const topic = `${topicPrefix}${name}`;
  const kafka = kafkaOf(kafkaBrokers);
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const ends = new Map(offsets.flatMap(({ partition, high }) => (Number(high) > 0 ? [[partition, Number(high)]] : [])));
  const messages: PublishedMessage[] = [];
  const consumer = kafka.consumer({ groupId: `${topicPrefix}observer-${messages.length}-${Date.now()}` });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      if (ends.size === 0) return resolve();
      const late = setTimeout(() => reject(new Error(`${topic} was not read to its end`)), READ_TIMEOUT_MS);
      consumer
        .run({
          eachMessage: async ({ partition, message: { key, value, offset } }) => {
            messages.push({ key: key?.toString() ?? '', value: value ?? Buffer.alloc(0) });
            if (Number(offset) + 1 >= (ends.get(partition) ?? 0)) ends.delete(partition);
            if (ends.size > 0) return;
            clearTimeout(late);
            resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return messages;
}

/** The broker outlives the cluster. */
export async function deleteTopics(brokers: readonly string[], prefix: string): Promise<void> {
  const admin = kafkaOf(brokers).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
  await admin.deleteTopics({ topics });
  await admin.disconnect();
}

/** Every key of the workspace, as the API lists them. */
export async function listedKeys({ url, adminKey }: CrashCluster): Promise<readonly ListedKey[]> {
  const asAdmin = callerOf(url, adminKey);
  const keys: ListedKey[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const after = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await asAdmin('GET', `/api/v1/api-keys?limit=${PAGE}${after}`);
    if (answer.status !== 200) throw new Error(`the list answered ${answer.status}`);
    const page = answer.json<{ items: readonly ListedKey[]; next_cursor: string | null }>();
    keys.push(...page.items);
    cursor = page.next_cursor;
  }
  return keys;
}

/** Rebuilds the read model beside the live one, by the command that operators use; empty when the two are equal byte for byte. */
export async function unlikeRebuild({ databaseUrl, dataDir }: CrashCluster, readModel: string): Promise<string[]> {
  const env = { PATH: process.env['PATH'], DATABASE_URL: databaseUrl, LATCHKEY_DATA_DIR: dataDir };
  const program = path.join(builtTree, 'apps/rebuild/main.js');
  try {
    await promisify(execFile)(process.execPath, [program, readModel], { env, timeout: READ_TIMEOUT_MS });
    return [];
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return [`${readModel} is not what a rebuild gives: ${stdout}${stderr}`];
  }
}
