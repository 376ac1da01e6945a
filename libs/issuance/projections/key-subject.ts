import type { KeySubject } from '@latchkey/contracts';
import type { ExistingKey } from '../domain/key/key';

const STATUS = { Active: 'active', Suspended: 'suspended', Revoked: 'revoked' } as const;

/** What enforcement decides by. Expiry and ends of grace periods are in it as times: no event is needed when they pass. */
export const keySubject = (key: ExistingKey): KeySubject => ({
  kind: 'key',
  workspaceId: key.workspaceId,
  userId: key.userId,
  name: key.name,
  status: STATUS[key.status],
  scopes: [...key.scopes].sort(),
  scopeSetIds: key.scopeSetIds,
  allowedIps: key.allowedIps,
  assets: key.assets,
  plan: key.plan,
  secrets: key.secrets.map(({ number, graceUntil }) => ({
    number,
    graceUntilMs: graceUntil?.getTime() ?? null,
    ...(key.rotation?.oldSecretNumber === number && { replacedAtMs: key.rotation.replacedAt.getTime() }),
  })),
  expiresAtMs: key.expiresAt?.getTime() ?? null,
});
