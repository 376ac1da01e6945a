import { AppError } from '@latchkey/kernel';
import type { EntityManager } from 'typeorm';
import type { KeyVersion, KeyWrite } from '../application/ports';

/**
 * Whoever changes the grantor waits from here on, and whoever has changed it is seen. Before the count, which every
 * revoke changes after its key's row.
 * @param own events that this transaction adds to the grantor's stream itself
 * @throws AppError `stream.version_conflict`
 */
export async function holdUnchanged(tx: EntityManager, { keyId, version }: KeyVersion, own = 0): Promise<void> {
  await tx.query('SELECT FROM key_list WHERE key_id = $1 FOR SHARE', [keyId]);
  const [stream] = await tx.query<{ last: number }[]>('SELECT max(version) AS last FROM events WHERE stream_id = $1', [
    keyId,
  ]);
  if (stream?.last !== version + own) throw new AppError('stream.version_conflict', { internal: `grantor ${keyId}` });
}

/**
 * The same of the scope sets that the grantor has rights by. After all rows of keys: whoever changes a set holds their own key first too, so
 * nobody waits in a circle.
 * @throws AppError `stream.version_conflict`
 */
export async function holdSetsUnchanged(tx: EntityManager, sets: NonNullable<KeyWrite['grantorsSets']>): Promise<void> {
  if (sets.length === 0) return;
  const held = await tx.query<{ id: string; version: number }[]>(
    `SELECT id, version FROM subject_state WHERE kind = 'scope_set' AND id = ANY($1::text[]) ORDER BY id FOR SHARE`,
    [sets.map(({ id }) => id)],
  );
  const versions = new Map(held.map(({ id, version }) => [id, version]));
  if (sets.every(({ id, version }) => (versions.get(id) ?? 0) === version)) return;
  throw new AppError('stream.version_conflict', { internal: 'a scope set of the grantor' });
}
