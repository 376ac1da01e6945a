import { freshDatabase } from '@latchkey/testing';
import { openDatabase } from './database';
import { eventStoreContract } from './event-store.contract';
import { eventStoreMigrations } from './migrations';
import { PostgresEventStore } from './postgres-event-store';

eventStoreContract('Postgres', async () => {
  const database = await freshDatabase();
  const dataSource = await openDatabase({
    url: database.url,
    schema: 'issuance',
    migrations: eventStoreMigrations,
    applicationName: 'event-store-test',
  });
  return {
    store: new PostgresEventStore(dataSource),
    linger: async (tx, ms) => {
      await tx.query('SELECT pg_sleep($1)', [ms / 1_000]);
    },
    close: async () => {
      await dataSource.destroy();
      await database.drop();
    },
  };
});
