import { heldSecret, secretRecord, type SecretRecord } from '@latchkey/access';
import type { ClientEvent } from '@latchkey/contracts';
import type { Projection, RecordedEvent } from '@latchkey/event-store';
import { clientId, userId, workspaceId } from '@latchkey/kernel';
import {
  evolve,
  initialClient,
  type ClientAuthenticationKind,
  type ExistingClient,
  type PublicJwk,
} from '../domain/client/client';

/** Columns are as the driver gives them; times inside JSON are ISO 8601. */
export interface ClientListRow {
  readonly client_id: string;
  /** Of the events that are in it. */
  readonly version: number;
  readonly workspace_id: string;
  readonly user_id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly scopes_as_sent: readonly string[];
  readonly scope_set_ids: readonly string[];
  readonly allowed_ips: readonly string[];
  readonly assets: 'all' | readonly string[];
  readonly plan: string;
  readonly token_lifetime_seconds: number;
  readonly authentication: ClientAuthenticationKind;
  readonly public_keys: readonly PublicJwk[];
  readonly secrets: readonly SecretRecord[];
  readonly last_secret_number: number;
  readonly token_generation: number;
  readonly revoked_tokens: readonly { readonly jti: string; readonly expires_at: string }[];
  readonly created_at: Date;
  readonly suspended_at: Date | null;
  readonly deleted_at: Date | null;
}

/** The list of clients: what the aggregate's state is, one row per client. Deleted clients stay in it. */
export const clientListProjection: Projection<ClientListRow> = {
  table: 'client_list',
  columns: [
    'client_id',
    'version',
    'workspace_id',
    'user_id',
    'name',
    'scopes',
    'scopes_as_sent',
    'scope_set_ids',
    'allowed_ips',
    'assets',
    'plan',
    'token_lifetime_seconds',
    'authentication',
    'public_keys',
    'secrets',
    'last_secret_number',
    'token_generation',
    'revoked_tokens',
    'created_at',
    'suspended_at',
    'deleted_at',
  ],
  project(row, event) {
    const state = evolve(row ? clientOf(row) : initialClient, clientEventOf(event));
    return state.status === 'None' ? null : rowOf(state, event.version);
  },
};

/** The service wrote its streams itself, through the same type. An event of another aggregate leaves a client as it is. */
const clientEventOf = ({ type, data }: RecordedEvent): ClientEvent => ({ type, data }) as ClientEvent;

export function clientOf(row: ClientListRow): ExistingClient {
  const client = {
    clientId: clientId(row.client_id),
    workspaceId: workspaceId(row.workspace_id),
    userId: userId(row.user_id),
    name: row.name,
    scopes: row.scopes,
    scopesAsSent: row.scopes_as_sent,
    scopeSetIds: row.scope_set_ids,
    allowedIps: row.allowed_ips,
    assets: row.assets,
    plan: row.plan,
    tokenLifetimeSeconds: row.token_lifetime_seconds,
    authentication: row.authentication,
    publicKeys: row.public_keys,
    secrets: row.secrets.map(heldSecret),
    lastSecretNumber: row.last_secret_number,
    tokenGeneration: row.token_generation,
    revokedTokens: row.revoked_tokens.map(({ jti, expires_at: expiresAt }) => ({
      jti,
      expiresAt: new Date(expiresAt),
    })),
    createdAt: row.created_at,
  };
  if (row.deleted_at !== null) {
    return { ...client, status: 'Deleted', suspendedAt: null, deletedAt: row.deleted_at };
  }
  return row.suspended_at === null
    ? { ...client, status: 'Active', suspendedAt: null }
    : { ...client, status: 'Suspended', suspendedAt: row.suspended_at };
}

const rowOf = (client: ExistingClient, version: number): ClientListRow => ({
  client_id: client.clientId,
  version,
  workspace_id: client.workspaceId,
  user_id: client.userId,
  name: client.name,
  scopes: client.scopes,
  scopes_as_sent: client.scopesAsSent,
  scope_set_ids: client.scopeSetIds,
  allowed_ips: client.allowedIps,
  assets: client.assets,
  plan: client.plan,
  token_lifetime_seconds: client.tokenLifetimeSeconds,
  authentication: client.authentication,
  public_keys: client.publicKeys,
  secrets: client.secrets.map(secretRecord),
  last_secret_number: client.lastSecretNumber,
  token_generation: client.tokenGeneration,
  revoked_tokens: client.revokedTokens.map(({ jti, expiresAt }) => ({ jti, expires_at: expiresAt.toISOString() })),
  created_at: client.createdAt,
  suspended_at: client.suspendedAt,
  deleted_at: client.status === 'Deleted' ? client.deletedAt : null,
});
