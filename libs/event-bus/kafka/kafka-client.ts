import { Kafka, logLevel, type ISocketFactory, type KafkaConfig } from 'kafkajs';
import type { BusLog } from '../event-bus';
import { passOn } from './kafka-log';

export interface KafkaEventBusOptions {
  readonly brokers: readonly string[];
  /** Shows in the broker's logs and quotas. */
  readonly clientId: string;
  readonly log: BusLog;
  /** Put before every topic and group, so that several installations can share one cluster. Default: nothing. */
  readonly prefix?: string;
  /** Of topics that this adapter creates. Never to be changed for a topic that has messages: keys would move. Default 6. */
  readonly partitions?: number;
  /** Of topics that this adapter creates. Default: as the broker is configured. */
  readonly replicationFactor?: number;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
  /** For one request to the broker. Default 5 s. */
  readonly requestTimeoutMs?: number;
  /** A member that is silent for so long has its partitions given to others. Default 10 s; the broker's minimum is usually 6 s. */
  readonly sessionTimeoutMs?: number;
  /** How soon a member notices that others join or leave. Default 1 s. */
  readonly heartbeatMs?: number;
  /** How connections are made. Default: plain sockets, TLS with `ssl`. */
  readonly socketFactory?: ISocketFactory;
}

/**
 * A client of its own for each producer and each subscription: kafkajs keeps the committed offsets of a group per client, so two
 * members of one group may not share it.
 */
export function kafkaClient(options: KafkaEventBusOptions): Kafka {
  const { brokers, clientId, ssl, sasl, socketFactory, log } = options;
  return new Kafka({
    brokers: [...brokers],
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    ...(socketFactory === undefined ? {} : { socketFactory }),
    connectionTimeout: 2_000,
    authenticationTimeout: 5_000,
    requestTimeout: options.requestTimeoutMs ?? 5_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => passOn(log, entry),
  });
}
