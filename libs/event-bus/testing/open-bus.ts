import { connect } from 'node:net';
import { openDatabase } from '@latchkey/event-store';
import type { BusLog, EventBus } from '../event-bus';
import { KafkaEventBus } from '../kafka/kafka-event-bus';
import { eventBusMigrations } from '../postgres/migrations';
import { PostgresEventBus } from '../postgres/postgres-event-bus';

/** Where a bus is, in a form that can be given to another process. */
export type BusAddress =
  | {
      readonly kind: 'kafka';
      readonly brokers: readonly string[];
      readonly prefix: string;
      readonly proxyPort?: number;
    }
  | { readonly kind: 'postgres'; readonly url: string };

export interface OpenBus {
  readonly bus: EventBus;
  /** Closes the bus and what it stands on. */
  close(): Promise<void>;
}

const silent = () => undefined;
export const silentLog: BusLog = { debug: silent, info: silent, warn: silent, error: silent };

/** The broker allows no shorter session. */
export const KAFKA_SESSION_MS = 6_000;

export async function openBus(address: BusAddress): Promise<OpenBus> {
  switch (address.kind) {
    case 'kafka': {
      const { brokers, prefix, proxyPort } = address;
      const bus = new KafkaEventBus({
        brokers,
        prefix,
        clientId: 'event-bus-contract',
        log: silentLog,
        requestTimeoutMs: 1_500,
        sessionTimeoutMs: KAFKA_SESSION_MS,
        heartbeatMs: 200,
        ...(proxyPort === undefined ? {} : { socketFactory: throughPort(proxyPort) }),
      });
      return { bus, close: () => bus.close() };
    }
    case 'postgres': {
      const dataSource = await openDatabase({
        url: address.url,
        schema: 'event_bus',
        migrations: eventBusMigrations,
        applicationName: 'event-bus-contract',
        poolSize: 3,
        statementTimeoutMs: 2_000,
      });
      const bus = new PostgresEventBus({ dataSource, log: silentLog, pollMs: 200 });
      return { bus, close: () => bus.close().then(() => dataSource.destroy()) };
    }
  }
}

/** The broker tells its clients its own address; this makes them keep to the proxy. */
export const throughPort =
  (port: number) =>
  ({ onConnect }: { onConnect: () => void }) =>
    connect({ host: '127.0.0.1', port }, onConnect);
