import { eventStoreContract } from '../event-store.contract';
import { serviceDatabase } from '../testing/service-database';
import { PostgresEventStore } from './postgres-event-store';

eventStoreContract('Postgres', async () => {
  const database = await serviceDatabase();
  return {
    store: new PostgresEventStore(database.dataSource),
    linger: async (tx, ms) => {
      await tx.query('SELECT pg_sleep($1)', [ms / 1_000]);
    },
    close: () => database.close(),
  };
});
