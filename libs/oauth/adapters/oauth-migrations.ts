import { eventStoreMigrations, type MigrationClass } from '@latchkey/event-store';
import { liveStateMigrations } from '@latchkey/live-state';
import {
  AddClientScopeSets1763800400000,
  CreateClients1763800100000,
  CreateClientUses1763800300000,
} from './client-migrations';
import { CreateSigningKeys1763800200000 } from './token-migrations';

/** All tables of oauth's schema. */
export const oauthMigrations: readonly MigrationClass[] = [
  ...eventStoreMigrations,
  ...liveStateMigrations,
  CreateClients1763800100000,
  CreateSigningKeys1763800200000,
  CreateClientUses1763800300000,
  AddClientScopeSets1763800400000,
];
