// grant-rights.js <file of roles>: the one-shot container that gives every service its rights at Postgres and Kafka. Redis has its own file.
import { readFile } from 'node:fs/promises';
import { loadConfig, variables } from '@latchkey/platform';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
  type AclEntry,
  type Admin,
} from 'kafkajs';
import { Client } from 'pg';
import { z } from 'zod';
import { kafkaRights, principalOf } from './kafka-users';
import { rights } from './rights';

const configSchema = z.object({
  DATABASE_URL: variables.DATABASE_URL,
  KAFKA_BROKERS: variables.KAFKA_BROKERS,
  KAFKA_LOGIN: variables.KAFKA_LOGIN,
  LATCHKEY_TOPIC_PREFIX: variables.LATCHKEY_TOPIC_PREFIX.optional(),
});

const TIMEOUT_MS = 60_000;
/** The statements hold passwords, which a failure must not leave in the server's log. */
const UNLOGGED = '-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic';

async function grantInDatabase(connectionString: string, file: string): Promise<void> {
  const client = new Client({
    ...{ connectionString, options: UNLOGGED, application_name: 'latchkey-rights' },
    ...{ connectionTimeoutMillis: 5_000, query_timeout: TIMEOUT_MS },
  });
  await client.connect();
  try {
    // In one string, so in one transaction.
    await client.query(await readFile(file, 'utf8'));
  } finally {
    await client.end();
  }
}

const sameRight = (a: AclEntry) => (b: AclEntry) =>
  (Object.keys(a) as (keyof AclEntry)[]).every((name) => a[name] === b[name]);

/** Adds what is missing, and takes away from our services what they may no longer do. */
async function grantInKafka(admin: Admin, wanted: readonly AclEntry[]): Promise<void> {
  const found = await rightsInKafka(admin);
  const missing = wanted.filter((right) => !found.some(sameRight(right)));
  const ours = Object.keys(rights).map(principalOf);
  const former = found.filter((right) => ours.includes(right.principal) && !wanted.some(sameRight(right)));
  if (missing.length > 0) await admin.createAcls({ acl: missing });
  if (former.length > 0) await admin.deleteAcls({ filters: former });
}

async function rightsInKafka(admin: Admin): Promise<readonly AclEntry[]> {
  const { resources } = await admin.describeAcls({
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  });
  return resources.flatMap(({ acls, ...resource }) => acls.map((acl) => ({ ...acl, ...resource })));
}

async function main(rolesFile: string): Promise<void> {
  const config = loadConfig(configSchema, process.env);
  const { username, password } = config.KAFKA_LOGIN;
  await grantInDatabase(config.DATABASE_URL.reveal(), rolesFile);
  const admin = new Kafka({
    clientId: 'latchkey-rights',
    brokers: [...config.KAFKA_BROKERS],
    sasl: { mechanism: 'plain', username, password: password.reveal() },
    requestTimeout: TIMEOUT_MS,
    logLevel: logLevel.NOTHING,
  }).admin();
  try {
    await admin.connect();
    await grantInKafka(admin, kafkaRights(rights, config.LATCHKEY_TOPIC_PREFIX));
  } finally {
    await admin.disconnect();
  }
}

const [rolesFile = ''] = process.argv.slice(2);

void main(rolesFile).then(
  () => process.stdout.write('every service has its rights\n'),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
