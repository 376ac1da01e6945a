import {
  assertNever,
  clientId,
  userId,
  workspaceId,
  type ClientId,
  type UserId,
  type WorkspaceId,
} from '@latchkey/kernel';
import { afterRotation, withGrantUpdate, type Grant, type HeldSecret, type NamedGrant } from '@latchkey/access';
import {
  secretNumberOf,
  type AccessTokenRevoked,
  type ClientEvent,
  type ClientRegistered,
  type ClientSecretRotated,
  type ClientUpdated,
} from '@latchkey/contracts';

/** How a client proves to the token endpoint who it is: by a secret that it shares, or by a key that it keeps to itself (RFC 7523). */
export type ClientAuthenticationKind = 'client_secret' | 'private_key_jwt';

/** A public key (RFC 7517): its type's required members, and `kid` and `alg` where they were given. */
export type PublicJwk = Readonly<Record<string, string>>;

/** A token that was revoked by itself, and when it would have ended. */
export interface RevokedToken {
  readonly jti: string;
  readonly expiresAt: Date;
}

/** What a client may be granted: it does not end by itself, as its tokens do. */
export type ClientGrant = Omit<Grant, 'expiresAt'>;

export interface Client extends NamedGrant {
  readonly clientId: ClientId;
  readonly workspaceId: WorkspaceId;
  /** Who registered it, and whose role bounds it. */
  readonly userId: UserId;
  /** Scope sets whose scopes it has besides its own; one that was deleted since gives nothing. */
  readonly scopeSetIds: readonly string[];
  /** 60 to 86,400. */
  readonly tokenLifetimeSeconds: number;
  readonly authentication: ClientAuthenticationKind;
  /** 1 to 5 of a client with `private_key_jwt`, else none. */
  readonly publicKeys: readonly PublicJwk[];
  /** In the order of their numbers; none of a client with `private_key_jwt`. */
  readonly secrets: readonly HeldSecret[];
  /** Numbers are never used again. 0: it never had one. */
  readonly lastSecretNumber: number;
  /** Access tokens of an earlier generation have ended. From 1; it never falls. */
  readonly tokenGeneration: number;
  /** Of this generation, unexpired when the last one came to them. */
  readonly revokedTokens: readonly RevokedToken[];
  readonly createdAt: Date;
}

export type ActiveClient = Client & { readonly status: 'Active'; readonly suspendedAt: null };
export type SuspendedClient = Client & { readonly status: 'Suspended'; readonly suspendedAt: Date };
export type DeletedClient = Client & {
  readonly status: 'Deleted';
  readonly suspendedAt: null;
  readonly deletedAt: Date;
};
export type ExistingClient = ActiveClient | SuspendedClient | DeletedClient;
export type ClientState = { readonly status: 'None' } | ExistingClient;

export const initialClient: ClientState = { status: 'None' };

/** Hosts' clocks differ from the one that checks go by: a revoked token is remembered for so much longer than it would have lived. */
export const REVOKED_KEPT_MS = 300_000;

export const isForgotten = ({ expiresAt }: RevokedToken, now: Date): boolean =>
  expiresAt.getTime() + REVOKED_KEPT_MS <= now.getTime();

/** The state after the event. A client's first event is `ClientRegistered`; nothing follows `ClientDeleted` that could undo it. */
export function evolve(state: ClientState, event: ClientEvent): ClientState {
  if (state.status === 'None') return event.type === 'latchkey.client.registered.v1' ? registered(event) : state;
  if (state.status === 'Deleted') return state;
  switch (event.type) {
    case 'latchkey.client.registered.v1':
      return state;
    case 'latchkey.client.secret_rotated.v1':
      return rotated(state, event);
    case 'latchkey.client.grace_ended.v1':
      return withoutSecret(state, secretNumberOf(event.data.secretId));
    case 'latchkey.client.updated.v1':
      return updated(state, event);
    case 'latchkey.client.suspended.v1':
      return { ...state, status: 'Suspended', suspendedAt: new Date(event.data.suspendedAt) };
    case 'latchkey.client.resumed.v1':
      return { ...state, status: 'Active', suspendedAt: null };
    case 'latchkey.client.tokens_ended.v1':
      return withGeneration(state, event.data.generation);
    case 'latchkey.access_token.revoked.v1':
      return withRevoked(state, event);
    case 'latchkey.client.deleted.v1':
      return deleted(state, new Date(event.data.deletedAt));
    default:
      return assertNever(event);
  }
}

function registered({ data }: ClientRegistered): ActiveClient {
  const createdAt = new Date(data.registeredAt);
  const number = data.secretId === null ? 0 : secretNumberOf(data.secretId);
  return {
    status: 'Active',
    suspendedAt: null,
    clientId: clientId(data.clientId),
    workspaceId: workspaceId(data.workspaceId),
    userId: userId(data.userId),
    name: data.name,
    scopes: data.scopes,
    scopesAsSent: data.scopesAsSent,
    scopeSetIds: data.scopeSetIds ?? [],
    allowedIps: data.allowedIps,
    assets: data.assets,
    plan: data.plan,
    tokenLifetimeSeconds: data.tokenLifetimeSeconds,
    authentication: data.authentication,
    publicKeys: data.publicKeys,
    secrets: number === 0 ? [] : [{ number, createdAt, graceUntil: null }],
    lastSecretNumber: number,
    tokenGeneration: 1,
    revokedTokens: [],
    createdAt,
  };
}

const deleted = (client: LivingClient, deletedAt: Date): DeletedClient => ({
  ...client,
  ...{ status: 'Deleted', suspendedAt: null, deletedAt, secrets: [], revokedTokens: [] },
});

type LivingClient = ActiveClient | SuspendedClient;

/** The client after an update. */
export function updated<Of extends LivingClient>(client: Of, { data }: ClientUpdated): Of {
  switch (data.changed) {
    case 'token_lifetime':
      return { ...client, tokenLifetimeSeconds: data.tokenLifetimeSeconds };
    case 'public_keys':
      return { ...client, publicKeys: data.publicKeys };
    case 'scope_sets':
      return { ...client, scopeSetIds: data.scopeSetIds };
    case 'name':
    case 'scopes':
    case 'allowed_ips':
    case 'assets':
    case 'plan':
      return withGrantUpdate(client, data);
    default:
      return assertNever(data);
  }
}

function rotated(client: LivingClient, { data }: ClientSecretRotated): LivingClient {
  const number = secretNumberOf(data.newSecretId);
  const secrets = afterRotation(client.secrets, {
    old: secretNumberOf(data.oldSecretId),
    number,
    graceUntil: new Date(data.graceUntil),
    at: new Date(data.rotatedAt),
  });
  return { ...client, secrets, lastSecretNumber: number };
}

const withoutSecret = (client: LivingClient, number: number): LivingClient => ({
  ...client,
  secrets: client.secrets.filter((secret) => secret.number !== number),
});

/** All that was revoked is of an earlier generation from here on. */
const withGeneration = (client: LivingClient, generation: number): LivingClient =>
  generation > client.tokenGeneration ? { ...client, tokenGeneration: generation, revokedTokens: [] } : client;

function withRevoked(client: LivingClient, { data }: AccessTokenRevoked): LivingClient {
  const revokedAt = new Date(data.revokedAt);
  const kept = client.revokedTokens.filter((token) => token.jti !== data.jti && !isForgotten(token, revokedAt));
  return { ...client, revokedTokens: [...kept, { jti: data.jti, expiresAt: new Date(data.expiresAt) }] };
}
