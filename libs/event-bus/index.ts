export * from './event-bus';
export type { KafkaEventBusOptions } from './kafka/kafka-client';
export { KafkaEventBus } from './kafka/kafka-event-bus';
export { eventBusMigrations } from './postgres/migrations';
export * from './topic-reader';
export { PostgresEventBus, type PostgresEventBusOptions } from './postgres/postgres-event-bus';
