import { PostgresEventStore } from '@latchkey/event-store';
import { systemClock } from '@latchkey/kernel';
import { PostgresSubjects, type Settlement } from '@latchkey/live-state';
import type { DataSource } from 'typeorm';
import { PostgresSigningKeys } from './adapters/postgres-signing-keys';
import { ChangeSigningKeysHandler } from './application/change-signing-keys.handler';

/** On oauth's schema, for a command of an operator. */
export function changeSigningKeysHandler(dataSource: DataSource, settlement: Settlement): ChangeSigningKeysHandler {
  const events = new PostgresEventStore(dataSource);
  const store = new PostgresSigningKeys(dataSource, events, new PostgresSubjects(dataSource), null);
  return new ChangeSigningKeysHandler(store, settlement, systemClock);
}
