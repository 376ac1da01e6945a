import type { KeySubject } from '@latchkey/contracts';
import type { ActiveKey, RevokedKey } from '../domain/key/key';

/** What enforcement decides by. Expiry and ends of grace periods are in it as times: no event is needed when they pass. */
export const keySubject = (key: ActiveKey | RevokedKey): KeySubject => ({
  kind: 'key',
  workspaceId: key.workspaceId,
  userId: key.userId,
  name: key.name,
  status: key.status === 'Active' ? 'active' : 'revoked',
  scopes: [...key.scopes].sort(),
  scopeSetIds: [],
  allowedIps: key.allowedIps,
  assets: key.assets,
  plan: key.plan,
  secrets: key.secrets.map(({ number, graceUntil }) => ({ number, graceUntilMs: graceUntil?.getTime() ?? null })),
  expiresAtMs: key.expiresAt?.getTime() ?? null,
});
