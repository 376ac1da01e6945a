import { AppError } from '@latchkey/kernel';
import { Client, type ClientConfig } from 'pg';
import { DataSource } from 'typeorm';
import { databaseFailure } from './database-failure';
import type { MigrationClass } from './migrations';
import { PreparingClient } from './preparing-client';
import { identifier } from './sql';

export interface DatabaseOptions {
  /** `postgres://…`. Needs sessions of its own: a pooler in transaction mode would lose the relay's lock. */
  readonly url: string;
  /** The service's schema; several services may share a database. Created when it is not there. */
  readonly schema: string;
  readonly migrations: readonly MigrationClass[];
  /** Connections at most, from 1. Default 10. */
  readonly poolSize?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** For one statement, waits for locks included. Default 10,000 ms; a rebuild of a large read model wants more. */
  readonly statementTimeoutMs?: number;
  /** A connection of the pool broke while nobody used it. It is replaced; this is for the log. */
  readonly onIdleConnectionLost?: (error: Error) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const MIGRATION_TIMEOUT_MS = 60_000;
/** How much longer the client waits than the server, which answers its own timeout if the connection is whole. */
const GRACE_MS = 5_000;
/** A process that is paused inside a transaction must not keep its locks for ever. */
const IDLE_IN_TRANSACTION_MS = 30_000;

/**
 * Opens a service's schema and brings it up to date. Two instances that start at once take turns.
 * @throws AppError `service.unavailable` when the database cannot be reached in 5 s
 */
export async function openDatabase(options: DatabaseOptions): Promise<DataSource> {
  const dataSource = dataSourceOf(options);
  try {
    await underMigrationLock(options, async () => {
      await dataSource.initialize();
      await dataSource.runMigrations({ transaction: 'each' });
    });
    return dataSource;
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    throw databaseFailure(error, `opening schema ${options.schema}`);
  }
}

function dataSourceOf(options: DatabaseOptions): DataSource {
  const statementTimeoutMs = options.statementTimeoutMs ?? 10_000;
  return new DataSource({
    type: 'postgres',
    url: options.url,
    schema: options.schema,
    applicationName: options.applicationName,
    poolSize: options.poolSize ?? 10,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    installExtensions: false,
    synchronize: false,
    logging: false,
    migrations: [...options.migrations],
    migrationsTableName: 'migrations',
    poolErrorHandler: (error: Error) => options.onIdleConnectionLost?.(error),
    extra: {
      Client: PreparingClient,
      options: `-c search_path=${identifier(options.schema)}`,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + GRACE_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      keepAlive: true,
    } satisfies ClientConfig & { Client: typeof Client },
  });
}

/** The lock is on a connection of its own, so that a pool of one is enough to migrate. */
async function underMigrationLock(options: DatabaseOptions, work: () => Promise<void>): Promise<void> {
  const client = await connect({
    connectionString: options.url,
    application_name: `${options.applicationName}-migrations`,
    statement_timeout: MIGRATION_TIMEOUT_MS,
    query_timeout: MIGRATION_TIMEOUT_MS + GRACE_MS,
  });
  try {
    await client.query(`SELECT pg_advisory_lock(hashtextextended('latchkey.migrations.' || $1, 0))`, [options.schema]);
    // Not `IF NOT EXISTS` alone: that asks for the right to create schemas even when there is nothing to create.
    const found = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [options.schema]);
    if (found.rowCount === 0) await client.query(`CREATE SCHEMA ${identifier(options.schema)}`);
    await work();
  } finally {
    await client.end();
  }
}

export interface DedicatedOptions {
  /** Added to the application's name. */
  readonly role: string;
  /** The server ends the session when no statement came for so long. */
  readonly idleSessionTimeoutMs: number;
  readonly statementTimeoutMs: number;
}

/** A connection outside the pool, to the same schema: for a lock that lives as long as its session. */
export async function dedicatedConnection(dataSource: DataSource, options: DedicatedOptions): Promise<Client> {
  const pool = dataSource.options;
  if (pool.type !== 'postgres') throw new AppError('service.internal', { internal: 'not a Postgres data source' });
  const searchPath = `-c search_path=${identifier(pool.schema ?? 'public')}`;
  return connect({
    connectionString: pool.url,
    application_name: `${pool.applicationName ?? 'latchkey'}-${options.role}`,
    options: `${searchPath} -c idle_session_timeout=${options.idleSessionTimeoutMs}`,
    statement_timeout: options.statementTimeoutMs,
    query_timeout: options.statementTimeoutMs,
  });
}

async function connect(config: ClientConfig): Promise<Client> {
  const client = new Client({ ...config, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true });
  // An error without a listener would end the process; whoever uses the connection sees it at the next statement.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
