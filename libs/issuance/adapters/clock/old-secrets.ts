import type { KeyEvent } from '@latchkey/contracts';
import type { RecordedEvent } from '@latchkey/event-store';
import type { EntityManager } from 'typeorm';
import type { ExistingKey } from '../../application/ports';
import { liveSecrets } from '../../domain/key/key';

/** What may begin or end a grace period, or change what is due in it. */
const CONCERNS: ReadonlySet<string> = new Set<KeyEvent['type']>([
  'latchkey.key.rotated.v1',
  'latchkey.key.grace_ended.v1',
  'latchkey.key.secret_revoked.v1',
  'latchkey.key.suspended.v1',
  'latchkey.key.resumed.v1',
  'latchkey.key.revoked.v1',
]);

/** Keeps which secret of the key is in a grace period, and has it looked at soon. In the transaction of the events, after the key's row. */
export async function keepOldSecret(
  tx: EntityManager,
  key: ExistingKey,
  recorded: readonly RecordedEvent[],
  now: Date,
): Promise<void> {
  if (!recorded.some(({ type }) => CONCERNS.has(type))) return;
  const old = liveSecrets(key, now).find(({ number }) => number === key.rotation?.oldSecretNumber);
  await tx.query('DELETE FROM old_secret WHERE key_id = $1 AND secret_number IS DISTINCT FROM $2', [
    key.keyId,
    old?.number ?? null,
  ]);
  if (!old) return;
  await tx.query(
    `INSERT INTO old_secret (key_id, secret_number, look_at) VALUES ($1, $2, $3)
     ON CONFLICT (key_id) DO UPDATE SET look_at = excluded.look_at`,
    [key.keyId, old.number, now],
  );
}
