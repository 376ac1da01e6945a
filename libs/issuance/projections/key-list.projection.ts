import type { KeyEvent } from '@latchkey/contracts';
import type { Projection, RecordedEvent } from '@latchkey/event-store';
import { keyId, userId, workspaceId } from '@latchkey/kernel';
import { evolve, initialKey, type ActiveKey, type RevokedKey } from '../domain/key/key';

/** Columns are as the driver gives them; times inside JSON are ISO 8601. */
export interface KeyListRow {
  readonly key_id: string;
  readonly workspace_id: string;
  readonly display_id: string;
  readonly user_id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly scopes_as_sent: readonly string[];
  readonly allowed_ips: readonly string[];
  readonly assets: 'all' | readonly string[];
  readonly plan: string;
  readonly secrets: readonly {
    readonly number: number;
    readonly created_at: string;
    readonly grace_until: string | null;
  }[];
  readonly last_secret_number: number;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
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
    'allowed_ips',
    'assets',
    'plan',
    'secrets',
    'last_secret_number',
    'created_at',
    'expires_at',
    'revoked_at',
  ],
  project(row, event) {
    const state = evolve(row ? keyOf(row) : initialKey, keyEventOf(event));
    return state.status === 'None' ? null : rowOf(state);
  },
};

/** The service wrote its streams itself, through the same type. */
const keyEventOf = ({ type, data }: RecordedEvent): KeyEvent => ({ type, data }) as KeyEvent;

export function keyOf(row: KeyListRow): ActiveKey | RevokedKey {
  const key = {
    keyId: keyId(row.key_id),
    workspaceId: workspaceId(row.workspace_id),
    displayId: row.display_id,
    userId: userId(row.user_id),
    name: row.name,
    scopes: row.scopes,
    scopesAsSent: row.scopes_as_sent,
    allowedIps: row.allowed_ips,
    assets: row.assets,
    plan: row.plan,
    secrets: row.secrets.map((secret) => ({
      number: secret.number,
      createdAt: new Date(secret.created_at),
      graceUntil: secret.grace_until === null ? null : new Date(secret.grace_until),
    })),
    lastSecretNumber: row.last_secret_number,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
  return row.revoked_at === null
    ? { ...key, status: 'Active' }
    : { ...key, status: 'Revoked', revokedAt: row.revoked_at };
}

const rowOf = (key: ActiveKey | RevokedKey): KeyListRow => ({
  key_id: key.keyId,
  workspace_id: key.workspaceId,
  display_id: key.displayId,
  user_id: key.userId,
  name: key.name,
  scopes: key.scopes,
  scopes_as_sent: key.scopesAsSent,
  allowed_ips: key.allowedIps,
  assets: key.assets,
  plan: key.plan,
  secrets: key.secrets.map(({ number, createdAt, graceUntil }) => ({
    number,
    created_at: createdAt.toISOString(),
    grace_until: graceUntil?.toISOString() ?? null,
  })),
  last_secret_number: key.lastSecretNumber,
  created_at: key.createdAt,
  expires_at: key.expiresAt,
  revoked_at: key.status === 'Revoked' ? key.revokedAt : null,
});
