import { eventBusMigrations, KafkaEventBus, PostgresEventBus, type EventBus } from '@latchkey/event-bus';
import { openDatabase, type MigrationClass } from '@latchkey/event-store';
import type { Secret } from '@latchkey/kernel';
import type { Logger } from '@latchkey/platform';
import type { DataSource } from 'typeorm';
import type { Resources } from './resources';

export interface SchemaOptions {
  readonly url: Secret;
  readonly schema: string;
  readonly migrations: readonly MigrationClass[];
  readonly logger: Logger;
}

/** A service's schema, with its pool. */
export async function openSchema(resources: Resources, options: SchemaOptions): Promise<DataSource> {
  const { url, schema, migrations, logger } = options;
  const dataSource = await openDatabase({
    url: url.reveal(),
    schema,
    migrations,
    applicationName: `latchkey-${schema}`,
    onIdleConnectionLost: (error) => logger.warn({ err: error, schema }, 'a database connection was lost'),
  });
  return resources.keep(dataSource, (open) => open.destroy());
}

export interface KafkaOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly prefix?: string | undefined;
  readonly logger: Logger;
}

export const openKafka = (resources: Resources, { brokers, clientId, prefix, logger }: KafkaOptions): EventBus =>
  resources.keep(
    new KafkaEventBus({ brokers, clientId, log: logger, ...(prefix !== undefined && { prefix }) }),
    (bus) => bus.close(),
  );

export async function openPostgresBus(resources: Resources, url: Secret, logger: Logger): Promise<EventBus> {
  const dataSource = await openSchema(resources, { url, schema: 'event_bus', migrations: eventBusMigrations, logger });
  return resources.keep(new PostgresEventBus({ dataSource, log: logger }), (bus) => bus.close());
}
