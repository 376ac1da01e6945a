import { secretIdOf } from '@latchkey/contracts';
import { timestamp, timestampText, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { ExistingKey, ListedKey } from '../../application/ports';
import { isExpired, liveSecrets } from '../../domain/key/key';

/** C25. */
export const keyRecordSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    /** In the spelling in which they were granted (C1). */
    scopes: z.array(z.string()),
    /** Ids. */
    scope_sets: z.array(z.string()),
    plan: z.string(),
    /** Empty: any address. */
    allowed_ips: z.array(z.string()),
    assets: z.union([z.literal('all'), z.array(z.string())]),
    tags: z.array(z.string()),
    status: z.enum(['active', 'suspended', 'expired', 'revoked']),
    created_at: timestampText,
    /** Id of the user whose key it is. */
    created_by: z.string(),
    expires_at: timestampText.nullable(),
    last_used: timestampText.nullable(),
    /** Those that are live, the newest last. */
    secrets: z.array(
      z.strictObject({ id: z.string(), created_at: timestampText, grace_until: timestampText.nullable() }),
    ),
  })
  .meta({ id: 'ApiKey' });

export type KeyRecord = Reply<typeof keyRecordSchema>;

/** A record with its secret, which is shown this once. */
export const issuedKeySchema = keyRecordSchema.extend({ key: z.string() }).meta({ id: 'IssuedApiKey' });

export type IssuedKeyRecord = Reply<typeof issuedKeySchema>;

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
