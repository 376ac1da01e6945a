import { TELEMETRY_TOPICS } from '@latchkey/contracts';
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
  let closing = false;
  const dataSource = await openDatabase({
    url: url.reveal(),
    schema,
    migrations,
    applicationName: `latchkey-${schema}`,
    onIdleConnectionLost: (error) => {
      // An embedded server may be gone before it has read the goodbye of all connections.
      if (!closing) logger.warn({ err: error, schema }, 'a database connection was lost');
    },
  });
  return resources.keep(dataSource, (open) => {
    closing = true;
    return open.destroy();
  });
}

export interface KafkaConfig {
  readonly KAFKA_BROKERS: readonly string[];
  readonly KAFKA_LOGIN?: { readonly username: string; readonly password: Secret } | undefined;
  readonly LATCHKEY_TOPIC_PREFIX?: string | undefined;
}

export function openKafka(resources: Resources, clientId: string, config: KafkaConfig, log: Logger): EventBus {
  const { KAFKA_BROKERS: brokers, KAFKA_LOGIN: login, LATCHKEY_TOPIC_PREFIX: prefix } = config;
  const bus = new KafkaEventBus({
    ...{ brokers, clientId, log },
    ...(login !== undefined && { sasl: { mechanism: 'plain', ...login, password: login.password.reveal() } }),
    ...(prefix !== undefined && { prefix }),
  });
  return resources.keep(bus, (open) => open.close());
}

/** Telemetry comes in another amount than commands, and says who called from where: the audit keeps them, encrypted, and the bus does not. */
export async function openPostgresBus(resources: Resources, url: Secret, logger: Logger): Promise<EventBus> {
  const dataSource = await openSchema(resources, { url, schema: 'event_bus', migrations: eventBusMigrations, logger });
  return resources.keep(new PostgresEventBus({ dataSource, log: logger, forgets: TELEMETRY_TOPICS }), (bus) =>
    bus.close(),
  );
}
