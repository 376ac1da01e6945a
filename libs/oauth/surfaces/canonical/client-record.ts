import { liveSecrets } from '@latchkey/access';
import { secretIdOf } from '@latchkey/contracts';
import { timestamp, timestampText, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { ListedClient } from '../../application/ports';

const STATUS = { Active: 'active', Suspended: 'suspended', Deleted: 'deleted' } as const;

/** An application as it is shown. */
export const clientSchema = z
  .strictObject({
    id: z.string(),
    /** The same: what the application calls itself at the token endpoint. */
    client_id: z.string(),
    name: z.string(),
    /** In the spelling in which they were granted (C1). */
    scopes: z.array(z.string()),
    /** Ids of scope sets, whose scopes it has besides. */
    scope_sets: z.array(z.string()),
    plan: z.string(),
    /** Empty: any address. */
    allowed_ips: z.array(z.string()),
    assets: z.union([z.literal('all'), z.array(z.string())]),
    token_lifetime_seconds: z.number(),
    authentication: z.enum(['client_secret', 'private_key_jwt']),
    /** Null: it authenticates by a secret. */
    jwks: z.strictObject({ keys: z.array(z.record(z.string(), z.string())) }).nullable(),
    status: z.enum(['active', 'suspended', 'deleted']),
    created_at: timestampText,
    /** Id of the user who registered it. */
    created_by: z.string(),
    /** When it last got an access token, a second or two behind. */
    last_used: timestampText.nullable(),
    /** Those that are live, the newest last. */
    secrets: z.array(
      z.strictObject({ id: z.string(), created_at: timestampText, grace_until: timestampText.nullable() }),
    ),
  })
  .meta({ id: 'OauthApplication' });

export type ClientRecord = Reply<typeof clientSchema>;

/** With the application's secret, if it has one, which is shown this once. */
export const issuedClientSchema = clientSchema
  .extend({ client_secret: z.string().exactOptional() })
  .meta({ id: 'IssuedOauthApplication' });

export type IssuedClientRecord = Reply<typeof issuedClientSchema>;

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
