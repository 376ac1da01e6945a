import type { Provider } from '@nestjs/common';
import { PostgresEventStore } from '@latchkey/event-store';
import type { Clock, IdSource } from '@latchkey/kernel';
import { PostgresScopeSets } from './adapters/postgres-scope-sets';
import type { Grantors } from './application/grantors';
import { ReadScopeSetsQuery } from './application/read-scope-sets.query';
import { ScopeSetHandler } from './application/scope-set.handler';
import type { IssuanceOptions } from './issuance.module';

/** Scope sets: their commands and their list. */
export function scopeSetProviders(
  { dataSource, subjects, settlement }: IssuanceOptions,
  grantors: Grantors,
  ids: IdSource,
  clock: Clock,
): readonly Provider[] {
  const sets = new PostgresScopeSets(dataSource, new PostgresEventStore(dataSource), subjects);
  const query = new ReadScopeSetsQuery(sets);
  return [
    { provide: ReadScopeSetsQuery, useValue: query },
    { provide: ScopeSetHandler, useValue: new ScopeSetHandler(sets, query, grantors, settlement, ids, clock) },
  ];
}
