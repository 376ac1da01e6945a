import { secretIdOf } from '@latchkey/contracts';
import { timestamp } from '@latchkey/platform';
import type { ExistingKey, ListedKey } from '../../application/ports';
import { isExpired, liveSecrets } from '../../domain/key/key';

/** C25. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  /** In the spelling in which they were granted (C1). */
  readonly scopes: readonly string[];
  /** Ids. */
  readonly scope_sets: readonly string[];
  readonly plan: string;
  /** Empty: any address. */
  readonly allowed_ips: readonly string[];
  readonly assets: 'all' | readonly string[];
  readonly tags: readonly string[];
  readonly status: 'active' | 'suspended' | 'expired' | 'revoked';
  readonly created_at: string;
  /** Id of the user whose key it is. */
  readonly created_by: string;
  readonly expires_at: string | null;
  readonly last_used: string | null;
  /** Those that are live, the newest last. */
  readonly secrets: readonly {
    readonly id: string;
    readonly created_at: string;
    readonly grace_until: string | null;
  }[];
}

export const keyRecord = (key: ListedKey, now: Date): KeyRecord => ({
  id: key.keyId,
  name: key.name,
  scopes: key.scopesAsSent,
  scope_sets: key.scopeSetIds,
  plan: key.plan,
  allowed_ips: key.allowedIps,
  assets: key.assets,
  tags: key.tags,
  status: statusOf(key, now),
  created_at: timestamp(key.createdAt),
  created_by: key.userId,
  expires_at: key.expiresAt && timestamp(key.expiresAt),
  last_used: key.lastUsedAt && timestamp(key.lastUsedAt),
  secrets: liveSecrets(key, now).map(({ number, createdAt, graceUntil }) => ({
    id: secretIdOf(key.keyId, number),
    created_at: timestamp(createdAt),
    grace_until: graceUntil && timestamp(graceUntil),
  })),
});

function statusOf(key: ExistingKey, now: Date): KeyRecord['status'] {
  if (key.status === 'Revoked') return 'revoked';
  if (isExpired(key, now)) return 'expired';
  return key.status === 'Suspended' ? 'suspended' : 'active';
}
