import type { Secret } from '@latchkey/kernel';
import { PostgresSubjects, type Settlement } from '@latchkey/live-state';
import type { DataSource } from 'typeorm';
import { PostgresSecondFactors } from './adapters/postgres-second-factors';
import { SealedSeeds } from './adapters/sealed-seeds';
import { AccountNotices } from './application/account-notices';
import { RemoveSecondFactorsHandler } from './application/remove-second-factors.handler';
import { identityParts } from './identity-parts';

/** On identity's schema, for a command of an operator. @param masterKey of the installation: the mail about it is sealed */
export function removeSecondFactorsHandler(
  dataSource: DataSource,
  masterKey: Secret,
  settlement: Settlement,
): RemoveSecondFactorsHandler {
  const subjects = new PostgresSubjects(dataSource);
  const { users, contacts, mail, clock } = identityParts({ dataSource, subjects, settlement, masterKey });
  const factors = new PostgresSecondFactors(dataSource, new SealedSeeds(masterKey));
  return new RemoveSecondFactorsHandler(users, contacts, factors, new AccountNotices(mail), settlement, clock);
}
