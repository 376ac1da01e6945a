import type { ClientSubject } from '@latchkey/contracts';
import type { ExistingClient } from '../domain/client/client';

const STATUS = { Active: 'active', Suspended: 'suspended', Deleted: 'deleted' } as const;

/** What a token is issued and judged by. Ends of grace periods and of tokens are in it as times: no event is needed when they pass. */
export const clientSubject = (client: ExistingClient): ClientSubject => ({
  kind: 'client',
  workspaceId: client.workspaceId,
  userId: client.userId,
  name: client.name,
  status: STATUS[client.status],
  scopes: [...client.scopes].sort(),
  scopeSetIds: client.scopeSetIds,
  allowedIps: client.allowedIps,
  assets: client.assets,
  plan: client.plan,
  tokenLifetimeSeconds: client.tokenLifetimeSeconds,
  secrets: client.secrets.map(({ number, graceUntil }) => ({ number, graceUntilMs: graceUntil?.getTime() ?? null })),
  tokenGeneration: client.tokenGeneration,
  revokedTokens: client.revokedTokens.map(({ jti, expiresAt }) => ({ jti, expiresAtMs: expiresAt.getTime() })),
});
