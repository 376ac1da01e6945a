import { AppError } from '@latchkey/kernel';
import type { EntityManager } from 'typeorm';
import type { Append, Claim } from '../event-store';
import { select } from './sql';

/**
 * Takes and gives back claims. In the order of their names, whichever of the two it is: transactions that lock in one order cannot
 * wait for each other in a circle. To claim what the stream holds already, or to release what it does not hold, changes nothing.
 * @throws AppError `claim.taken` (details: scope)
 */
export async function changeClaims(tx: EntityManager, { streamId, claim = [], release = [] }: Append): Promise<void> {
  const changes = [
    ...release.map((of) => ({ of, run: () => releaseClaim(tx, streamId, of) })),
    ...claim.map((of) => ({ of, run: () => takeClaim(tx, streamId, of) })),
  ].sort((a, b) => compare(a.of.scope, b.of.scope) || compare(a.of.value, b.of.value));
  for (const change of changes) await change.run();
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Waits for a transaction that is taking or releasing the same claim, then sees what came of it. */
async function takeClaim(tx: EntityManager, streamId: string, claim: Claim): Promise<void> {
  const held = await select(
    tx,
    `INSERT INTO claims (scope, value, stream_id) VALUES ($1, $2, $3)
     ON CONFLICT (scope, value) DO UPDATE SET stream_id = excluded.stream_id WHERE claims.stream_id = excluded.stream_id
     RETURNING 1`,
    [claim.scope, claim.value, streamId],
  );
  if (held.length === 0) {
    throw new AppError('claim.taken', { details: { scope: claim.scope }, internal: `${claim.scope} is taken` });
  }
}

async function releaseClaim(tx: EntityManager, streamId: string, claim: Claim): Promise<void> {
  await tx.query('DELETE FROM claims WHERE scope = $1 AND value = $2 AND stream_id = $3', [
    claim.scope,
    claim.value,
    streamId,
  ]);
}
