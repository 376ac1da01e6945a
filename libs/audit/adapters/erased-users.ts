import type { EntityManager } from 'typeorm';

/** Records of batches hold it together, an erasure alone: else a batch that is being recorded would miss it, and be missed by it. */
const LOCK = `hashtextextended(concat_ws('/', current_schema, 'erasures'), 0)`;

/** Deletes what nodes have told of the user, and what they will tell. Batches keep their numbers. */
export async function eraseUser(tx: EntityManager, userId: string, at: Date): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
  await tx.query('INSERT INTO erased_users VALUES ($1, $2) ON CONFLICT DO NOTHING', [userId, at]);
  await tx.query('DELETE FROM decision_parts WHERE user_id = $1', [userId]);
}

/** Those of the users who are erased. Nobody else is until the transaction ends. */
export async function erasedAmong(tx: EntityManager, userIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (userIds.length === 0) return new Set();
  await tx.query(`SELECT pg_advisory_xact_lock_shared(${LOCK})`);
  const rows = await tx.query<{ user_id: string }[]>('SELECT user_id FROM erased_users WHERE user_id = ANY($1)', [
    userIds,
  ]);
  return new Set(rows.map(({ user_id: id }) => id));
}
