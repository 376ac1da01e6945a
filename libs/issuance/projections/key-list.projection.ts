import { heldSecret, secretRecord, type SecretRecord } from '@latchkey/access';
import type { KeyEvent } from '@latchkey/contracts';
import type { Projection, RecordedEvent } from '@latchkey/event-store';
import { keyId, userId, workspaceId } from '@latchkey/kernel';
import { evolve, initialKey, NOT_SUSPENDED, type ExistingKey, type Key, type Rotation } from '../domain/key/key';

/** Columns are as the driver gives them; times inside JSON are ISO 8601. */
export interface KeyListRow extends RotationColumns {
  readonly key_id: string;
  readonly workspace_id: string;
  readonly display_id: string;
  readonly user_id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly scopes_as_sent: readonly string[];
  readonly scope_set_ids: readonly string[];
  readonly allowed_ips: readonly string[];
  readonly assets: 'all' | readonly string[];
  readonly plan: string;
  readonly tags: readonly string[];
  readonly imported_prefix: string | null;
  readonly secrets: readonly SecretRecord[];
  readonly last_secret_number: number;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly expired_at: Date | null;
  readonly reminded_days: readonly number[];
  readonly suspended_at: Date | null;
  readonly suspended_by: string | null;
  readonly revoked_at: Date | null;
}

/** Of the old secret that is in a grace period, else null. */
interface RotationColumns {
  /** When it ends by its time. */
  readonly grace_until: Date | null;
  readonly replaced_at: Date | null;
  readonly ends_when_silent_seconds: number | null;
  readonly stalled: boolean;
}

/** The list of keys: what the aggregate's state is, one row per key. Revoked keys stay in it. */
export const keyListProjection: Projection<KeyListRow> = {
  table: 'key_list',
  columns: [
    'key_id',
    'workspace_id',
    'display_id',
    'user_id',
    'name',
    'scopes',
    'scopes_as_sent',
    'scope_set_ids',
    'allowed_ips',
    'assets',
    'plan',
    'tags',
    'imported_prefix',
    'secrets',
    'last_secret_number',
    'grace_until',
    'replaced_at',
    'ends_when_silent_seconds',
    'stalled',
    'created_at',
    'expires_at',
    'expired_at',
    'reminded_days',
    'suspended_at',
    'suspended_by',
    'revoked_at',
  ],
  project(row, event) {
    const state = evolve(row ? keyOf(row) : initialKey, keyEventOf(event));
    return state.status === 'None' ? null : rowOf(state);
  },
};

/** The service wrote its streams itself, through the same type. */
const keyEventOf = ({ type, data }: RecordedEvent): KeyEvent => ({ type, data }) as KeyEvent;

export function keyOf(row: KeyListRow): ExistingKey {
  const key = {
    keyId: keyId(row.key_id),
    workspaceId: workspaceId(row.workspace_id),
    displayId: row.display_id,
    userId: userId(row.user_id),
    name: row.name,
    scopes: row.scopes,
    scopesAsSent: row.scopes_as_sent,
    scopeSetIds: row.scope_set_ids,
    allowedIps: row.allowed_ips,
    assets: row.assets,
    plan: row.plan,
    tags: row.tags,
    importedPrefix: row.imported_prefix,
    secrets: row.secrets.map(heldSecret),
    lastSecretNumber: row.last_secret_number,
    rotation: rotationOf(row),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    expiredAt: row.expired_at,
    remindedDays: row.reminded_days,
  };
  if (row.revoked_at !== null) return { ...key, ...NOT_SUSPENDED, status: 'Revoked', revokedAt: row.revoked_at };
  if (row.suspended_at === null) return { ...key, ...NOT_SUSPENDED, status: 'Active' };
  const suspendedBy = row.suspended_by === null ? null : userId(row.suspended_by);
  return { ...key, status: 'Suspended', suspendedAt: row.suspended_at, suspendedBy };
}

function rotationOf(row: KeyListRow): Rotation | null {
  const old = row.secrets.find((secret) => secret.grace_until !== null);
  if (!old || row.replaced_at === null) return null;
  return {
    oldSecretNumber: old.number,
    replacedAt: row.replaced_at,
    endsWhenSilentMs: row.ends_when_silent_seconds === null ? null : row.ends_when_silent_seconds * 1_000,
    stalled: row.stalled,
  };
}

const rowOf = (key: ExistingKey): KeyListRow => ({
  key_id: key.keyId,
  workspace_id: key.workspaceId,
  display_id: key.displayId,
  user_id: key.userId,
  name: key.name,
  scopes: key.scopes,
  scopes_as_sent: key.scopesAsSent,
  scope_set_ids: key.scopeSetIds,
  allowed_ips: key.allowedIps,
  assets: key.assets,
  plan: key.plan,
  tags: key.tags,
  imported_prefix: key.importedPrefix,
  secrets: key.secrets.map(secretRecord),
  last_secret_number: key.lastSecretNumber,
  ...rotationColumns(key),
  created_at: key.createdAt,
  expires_at: key.expiresAt,
  expired_at: key.expiredAt,
  reminded_days: key.remindedDays,
  suspended_at: key.suspendedAt,
  suspended_by: key.suspendedBy,
  revoked_at: key.status === 'Revoked' ? key.revokedAt : null,
});

const rotationColumns = ({ secrets, rotation }: Key): RotationColumns => ({
  grace_until: secrets.find(({ number }) => number === rotation?.oldSecretNumber)?.graceUntil ?? null,
  replaced_at: rotation?.replacedAt ?? null,
  ends_when_silent_seconds:
    rotation === null || rotation.endsWhenSilentMs === null ? null : rotation.endsWhenSilentMs / 1_000,
  stalled: rotation?.stalled ?? false,
});
