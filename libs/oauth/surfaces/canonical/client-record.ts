import { liveSecrets } from '@latchkey/access';
import { secretIdOf } from '@latchkey/contracts';
import { timestamp } from '@latchkey/platform';
import type { ListedClient } from '../../application/ports';
import type { ClientAuthenticationKind, PublicJwk } from '../../domain/client/client';

const STATUS = { Active: 'active', Suspended: 'suspended', Deleted: 'deleted' } as const;

/** An application as it is shown. */
export interface ClientRecord {
  readonly id: string;
  /** The same: what the application calls itself at the token endpoint. */
  readonly client_id: string;
  readonly name: string;
  /** In the spelling in which they were granted (C1). */
  readonly scopes: readonly string[];
  /** Ids of scope sets, whose scopes it has besides. */
  readonly scope_sets: readonly string[];
  readonly plan: string;
  /** Empty: any address. */
  readonly allowed_ips: readonly string[];
  readonly assets: 'all' | readonly string[];
  readonly token_lifetime_seconds: number;
  readonly authentication: ClientAuthenticationKind;
  /** Null: it authenticates by a secret. */
  readonly jwks: { readonly keys: readonly PublicJwk[] } | null;
  readonly status: (typeof STATUS)[keyof typeof STATUS];
  readonly created_at: string;
  /** Id of the user who registered it. */
  readonly created_by: string;
  /** When it last got an access token, a second or two behind. */
  readonly last_used: string | null;
  /** Those that are live, the newest last. */
  readonly secrets: readonly {
    readonly id: string;
    readonly created_at: string;
    readonly grace_until: string | null;
  }[];
}

export const clientRecord = (client: ListedClient, now: Date): ClientRecord => ({
  id: client.clientId,
  client_id: client.clientId,
  name: client.name,
  scopes: client.scopesAsSent,
  scope_sets: client.scopeSetIds,
  plan: client.plan,
  allowed_ips: client.allowedIps,
  assets: client.assets,
  token_lifetime_seconds: client.tokenLifetimeSeconds,
  authentication: client.authentication,
  jwks: client.authentication === 'private_key_jwt' ? { keys: client.publicKeys } : null,
  status: STATUS[client.status],
  created_at: timestamp(client.createdAt),
  created_by: client.userId,
  last_used: client.lastUsedAt && timestamp(client.lastUsedAt),
  secrets: liveSecrets(client.secrets, now).map(({ number, createdAt, graceUntil }) => ({
    id: secretIdOf(client.clientId, number),
    created_at: timestamp(createdAt),
    grace_until: graceUntil && timestamp(graceUntil),
  })),
});
