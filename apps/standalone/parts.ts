import path from 'node:path';
import { auditMigrations } from '@latchkey/audit';
import { openPostgresBus, openSchema, type Resources } from '@latchkey/composition';
import type { EventBus } from '@latchkey/event-bus';
import { identityMigrations } from '@latchkey/identity';
import { issuanceMigrations } from '@latchkey/issuance';
import { Secret } from '@latchkey/kernel';
import { ExclusiveLease } from '@latchkey/live-state';
import { oauthMigrations } from '@latchkey/oauth';
import { ConfigError, Peppers, secretFromDataDir, type Logger } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import type { StandaloneConfig } from './config';
import { startEmbeddedPostgres } from './embedded-postgres';

/** What the configuration does not give is made at the first start and kept in the data directory. */
export async function secretsOf(config: StandaloneConfig): Promise<{ peppers: Peppers; masterKey: Secret }> {
  const { LATCHKEY_DATA_DIR: dataDir } = config;
  const pepper = config.LATCHKEY_PEPPER ?? (await secretFromDataDir(dataDir, 'pepper'));
  const masterKey = config.LATCHKEY_MASTER_KEY ?? (await secretFromDataDir(dataDir, 'master-key'));
  return { peppers: Peppers.parse(pepper.reveal(), (value) => new Secret(value)), masterKey };
}

const OUTBOX_TOKEN_NAME = 'outbox-token';

export const outboxTokenFile = ({ LATCHKEY_DATA_DIR: dataDir }: StandaloneConfig): string =>
  path.join(dataDir, 'secrets', OUTBOX_TOKEN_NAME);

/** What the address of the page of mails ends with, kept beside the other secrets. Whoever can read those has the database too. */
export const outboxToken = ({ LATCHKEY_DATA_DIR: dataDir }: StandaloneConfig): Promise<Secret> =>
  secretFromDataDir(dataDir, OUTBOX_TOKEN_NAME);

export interface Stores {
  readonly identity: DataSource;
  readonly issuance: DataSource;
  /** Issuance's too, with a pool for look-ups of secrets alone: a flood of unknown keys must not hold up a revoke. */
  readonly credentials: DataSource;
  readonly oauth: DataSource;
  readonly audit: DataSource;
  readonly bus: EventBus;
  readonly lease: ExclusiveLease;
}

/** Everything that is kept: in the database that the configuration names, else in an embedded one. */
export async function openStores(resources: Resources, config: StandaloneConfig, logger: Logger): Promise<Stores> {
  const url = await databaseOf(resources, config);
  const identity = await openSchema(resources, { url, schema: 'identity', migrations: identityMigrations, logger });
  const lease = await takeExclusiveLease(resources, identity, logger);
  const issuance = { url, schema: 'issuance', migrations: issuanceMigrations, logger };
  return {
    identity,
    issuance: await openSchema(resources, issuance),
    credentials: await openSchema(resources, issuance),
    oauth: await openSchema(resources, { url, schema: 'oauth', migrations: oauthMigrations, logger }),
    audit: await openSchema(resources, { url, schema: 'audit', migrations: auditMigrations, logger }),
    bus: await openPostgresBus(resources, url, logger),
    lease,
  };
}

async function databaseOf(resources: Resources, config: StandaloneConfig): Promise<Secret> {
  if (config.DATABASE_URL !== undefined) return config.DATABASE_URL;
  const password = await secretFromDataDir(config.LATCHKEY_DATA_DIR, 'postgres-password');
  const server = await startEmbeddedPostgres(path.resolve(config.LATCHKEY_DATA_DIR, 'postgres'), password);
  return resources.keep(server, (running) => running.stop()).url;
}

/** Live state in memory is right only while no other process changes what is in the database. */
async function takeExclusiveLease(resources: Resources, dataSource: DataSource, logger: Logger) {
  const lease = await ExclusiveLease.take({
    dataSource,
    onLost: (error) => {
      logger.fatal({ err: error }, 'the lock on the database is lost: another process may have it, so this one ends');
      process.exit(1);
    },
  });
  if (lease === null) throw new ConfigError(['DATABASE_URL: another standalone process uses this database.']);
  return resources.keep(lease, (held) => held.release());
}
