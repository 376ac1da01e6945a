import { PostgresEventStore } from '@latchkey/event-store';
import { systemClock } from '@latchkey/kernel';
import { PostgresSubjects, type Settlement } from '@latchkey/live-state';
import type { DataSource } from 'typeorm';
import { PostgresPersonalData } from './adapters/personal-data';
import { PostgresInvitations } from './adapters/postgres-invitations';
import { PostgresUsers } from './adapters/postgres-users';
import { EraseUserHandler } from './application/erase-user.handler';

/** On identity's schema, for a command of an operator. */
export function eraseUserHandler(dataSource: DataSource, settlement: Settlement): EraseUserHandler {
  const events = new PostgresEventStore(dataSource);
  return new EraseUserHandler(
    new PostgresUsers(dataSource, events, new PostgresSubjects(dataSource)),
    new PostgresInvitations(dataSource, events),
    new PostgresPersonalData(),
    settlement,
    systemClock,
  );
}
