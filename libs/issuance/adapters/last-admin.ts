import { AppError } from '@latchkey/kernel';
import { ADMIN_SCOPE } from '@latchkey/access';
import type { EventMeta } from '@latchkey/event-store';
import type { EntityManager } from 'typeorm';
import { standsIn } from '../domain/key/admin';
import type { ActiveKey } from '../domain/key/key';
import { keyListProjection, keyOf, type KeyListRow } from '../projections/key-list.projection';

const COLUMNS = keyListProjection.columns.join(', ');

/** In so many words, as the index for it has them. */
const LIVE_ADMIN = `revoked_at IS NULL AND scopes @> '["${ADMIN_SCOPE}"]' AND suspended_at IS NULL`;

/** Those that reach furthest come first, so that one of the first stands in if any does. */
const ADMINS_MAX = 100;

/**
 * Whoever takes something from an admin key takes turns in its workspace from here on: of two that end the last two, the second
 * one sees that the first is gone. After the row of the key, before the count, as in every transaction: so nobody waits in a circle.
 */
export async function takeTurns(tx: EntityManager, { workspaceId }: ActiveKey): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('latchkey.admins.' || $1, 0))`, [workspaceId]);
}

/** @throws AppError `key.last_admin` unless another key stands in for what the admin key was. */
export async function requireStandIn(
  tx: EntityManager,
  lessened: ActiveKey,
  { actorId, at }: EventMeta,
): Promise<void> {
  const rows = await tx.query<KeyListRow[]>(
    `SELECT ${COLUMNS} FROM key_list
      WHERE workspace_id = $1 AND ${LIVE_ADMIN} AND key_id <> $2 AND (expires_at IS NULL OR expires_at > $3)
      ORDER BY key_id = $4 DESC, allowed_ips = '[]' DESC, assets = '"all"' DESC, expires_at DESC NULLS FIRST LIMIT ${ADMINS_MAX}`,
    [lessened.workspaceId, lessened.keyId, at, actorId],
  );
  if (!rows.map(keyOf).some((key) => standsIn(key, lessened, actorId, at))) throw new AppError('key.last_admin');
}
