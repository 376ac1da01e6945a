import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startCluster, type Cluster } from '../../tools/cluster/start-cluster';
import { HttpConnection } from '../load/http-connection';
import { postRequest } from '../load/http-load';
import { patiently } from '../load/patiently';
import type { World } from '../world';
import { startMailbox, type Mailbox } from './mailbox';

/** Latchkey as it is composed in earnest: every process that a check or a command needs, on real Redis, Postgres and Kafka. */
export interface Latchkey {
  readonly cluster: Cluster;
  readonly adminKey: string;
  readonly databaseUrl: string;
  /** Folder of what its processes share and keep. */
  readonly dataDir: string;
  /** Secrets of keys with three windows and an address list. */
  readonly credentials: readonly string[];
  /** Of everybody. */
  readonly mailbox: Mailbox;
}

/** What a check asks of those keys. */
export const CALL = { scopes: ['assets:read'], ip: '203.0.113.7' } as const;

const NEW_KEY = {
  name: 'Nightly inventory',
  scopes: ['assets:read', 'alerts:read'],
  allowed_ips: ['203.0.113.0/24', '198.51.100.0/24'],
  plan: 'enterprise',
} as const;

/** So many make what is needed at once. */
export const REQUESTERS = 16;

/** What access tokens are signed with. */
export type SigningAlgorithm = 'RS256' | 'ES256';

/** @param keys how many are made */
export async function startLatchkey(world: World, algorithm: SigningAlgorithm, keys: number): Promise<Latchkey> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'latchkey-bench-'));
  world.onEnd(() => rm(dataDir, { recursive: true, force: true }));
  const mailbox = await startMailbox();
  world.onEnd(() => mailbox.close());
  const databaseUrl = await world.freshDatabase();
  const cluster = await startCluster({
    databaseUrl,
    redisUrl: world.redisUrl,
    kafkaBrokers: world.kafkaBrokers,
    dataDir,
    dist: path.join(world.root, 'dist'),
    topicPrefix: `${path.basename(dataDir)}.`,
    // One node, and nobody else who would share the cores: readers of the events are not on the way of a check.
    instances: { enforcement: 1, audit: 0, 'assets-api': 0 },
    env: {
      LATCHKEY_PROFILE: 'zshield',
      SMTP_URL: mailbox.url,
      OAUTH_SIGNING_ALG: algorithm,
      ...world.profileVariables,
      ...world.nodeOptions,
    },
  });
  world.onEnd(() => cluster.stop());
  const adminKey = (await readFile(path.join(dataDir, 'issuance/admin-key'), 'utf8')).trim();
  const credentials = await createKeys(processOf(cluster, 'issuance').url, adminKey, keys);
  return { cluster, adminKey, databaseUrl, dataDir, credentials, mailbox };
}

export function processOf(cluster: Cluster, name: string) {
  const found = cluster.processes.get(name);
  if (found === undefined) throw new Error(`no process ${name}`);
  return found;
}

export const createKeyRequest = (adminKey: string): Buffer =>
  postRequest('/api/v1/api-keys', NEW_KEY, { Authorization: `Bearer ${adminKey}` });

async function createKeys(url: string, adminKey: string, count: number): Promise<readonly string[]> {
  const request = createKeyRequest(adminKey);
  const secrets: string[] = [];
  let left = count;
  const create = async () => {
    const connection = await HttpConnection.open(url);
    while (left-- > 0) {
      const answer = await patiently(() => connection.send(request));
      secrets.push((JSON.parse(answer.toString()) as { key: string }).key);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: REQUESTERS }, create));
  return secrets;
}
