import type { ExistingKey, ListedKey } from '../../application/ports';
import { secondsTimestamp } from '../timestamps';

/** As documented in the list (S0-11). */
export interface S4eKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used: string | null;
}

/** One key alone, with what a PUT can change (S0-16, S1-03). */
export interface S4eKeyDetails extends S4eKey {
  readonly allowed_ips: readonly string[];
  readonly assets: 'all' | readonly string[];
  readonly plan: string;
}

/** As documented in the reply to a creation (S0-04), in that order. */
export interface S4eIssuedKey {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly scopes: readonly string[];
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used: null;
}

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
