import { freshDatabase } from '@latchkey/testing';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../postgres/database';
import { eventStoreMigrations, projectionMigrations } from '../postgres/migrations';

export interface ServiceDatabase {
  readonly url: string;
  readonly dataSource: DataSource;
  /** One more instance of the service on the same schema. */
  open(applicationName?: string): Promise<DataSource>;
  /** Ends the sessions with this application name, as a failover of the server does. */
  terminate(applicationName: string): Promise<void>;
  close(): Promise<void>;
}

/** A database of one's own with every table of the event store. */
export async function serviceDatabase(): Promise<ServiceDatabase> {
  const database = await freshDatabase();
  const opened: DataSource[] = [];
  const open = async (applicationName = 'event-store-test'): Promise<DataSource> => {
    const dataSource = await openInstance(database.url, applicationName);
    opened.push(dataSource);
    return dataSource;
  };
  const dataSource = await open();
  return {
    url: database.url,
    dataSource,
    open,
    terminate: async (applicationName) => {
      await dataSource.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()',
        [applicationName],
      );
    },
    close: async () => {
      for (const each of opened) if (each.isInitialized) await each.destroy();
      await database.drop();
    },
  };
}

/** An instance of the service, as it starts. */
export const openInstance = (url: string, applicationName: string): Promise<DataSource> =>
  openDatabase({
    url,
    schema: 'service',
    migrations: [...eventStoreMigrations, ...projectionMigrations],
    poolSize: 20,
    applicationName,
  });
