import { timestampText, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { ExistingKey, ListedKey } from '../../application/ports';
import { secondsTimestamp } from '../timestamps';

/** As documented in the list (S0-11). */
export const s4eKeySchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    created_at: timestampText,
    expires_at: timestampText.nullable(),
    last_used: timestampText.nullable(),
  })
  .meta({ id: 'S4eKey' });

export type S4eKey = Reply<typeof s4eKeySchema>;

/** One key alone, with what a PUT can change (S0-16, S1-03). */
export const s4eKeyDetailsSchema = s4eKeySchema
  .extend({
    allowed_ips: z.array(z.string()),
    assets: z.union([z.literal('all'), z.array(z.string())]),
    plan: z.string(),
  })
  .meta({ id: 'S4eKeyDetails' });

export type S4eKeyDetails = Reply<typeof s4eKeyDetailsSchema>;

/** As documented in the reply to a creation (S0-04), in that order. */
export const s4eIssuedKeySchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    key: z.string(),
    scopes: z.array(z.string()),
    created_at: timestampText,
    expires_at: timestampText.nullable(),
    last_used: z.null(),
  })
  .meta({ id: 'S4eIssuedKey' });

export type S4eIssuedKey = Reply<typeof s4eIssuedKeySchema>;

export const s4eKey = (key: ListedKey): S4eKey => ({
  id: key.displayId,
  name: key.name,
  scopes: key.scopesAsSent,
  created_at: secondsTimestamp(key.createdAt),
  expires_at: key.expiresAt && secondsTimestamp(key.expiresAt),
  last_used: key.lastUsedAt && secondsTimestamp(key.lastUsedAt),
});

export const s4eKeyDetails = (key: ListedKey): S4eKeyDetails => ({
  ...s4eKey(key),
  allowed_ips: key.allowedIps,
  assets: key.assets,
  plan: key.plan,
});

export function s4eIssuedKey(key: ExistingKey, secret: string): S4eIssuedKey {
  const { id, name, ...rest } = s4eKey({ ...key, lastUsedAt: null });
  return { id, name, key: secret, ...rest, last_used: null };
}
