import { z } from 'zod';

const instant = z.iso.datetime();
/** Canonical scopes (`resource:action`), in the order in which they were granted. */
const scopes = z.array(z.string()).readonly();
/** The same grant in the spelling of who made it, so that it is shown as it was written (C1). */
const scopesAsSent = z.array(z.string()).readonly();
const assets = z.union([z.literal('all'), z.array(z.string()).readonly()]);
const allowedIps = z.array(z.string()).readonly();
/** Whose scopes it has besides its own. */
const scopeSetIds = z.array(z.string()).readonly();
/** A public key (RFC 7517): its type's required members, and `kid` and `alg` where they were given. */
const publicKey = z.record(z.string(), z.string()).readonly();
const publicKeys = z.array(publicKey).readonly();
const tokenLifetimeSeconds = z.int().positive();
/** A client's token generation, from 1: tokens of an earlier one have ended. */
const generation = z.int().min(2);

/** Payloads of the OAuth client's events. None holds a secret or a digest; old versions must parse for ever. */
export const clientEvents = {
  'latchkey.client.registered.v1': z.strictObject({
    clientId: z.string(),
    workspaceId: z.string(),
    userId: z.string(),
    name: z.string(),
    scopes,
    scopesAsSent,
    /** Absent: none. */
    scopeSetIds: scopeSetIds.exactOptional(),
    allowedIps,
    assets,
    plan: z.string(),
    tokenLifetimeSeconds,
    authentication: z.enum(['client_secret', 'private_key_jwt']),
    /** Of a client with `private_key_jwt`, else empty. */
    publicKeys,
    /** Of the first secret; null: the client has public keys instead. */
    secretId: z.string().nullable(),
    registeredAt: instant,
  }),
  'latchkey.client.secret_rotated.v1': z.strictObject({
    oldSecretId: z.string(),
    newSecretId: z.string(),
    gracePeriodSeconds: z.number().nonnegative(),
    graceUntil: instant,
    rotatedAt: instant,
  }),
  'latchkey.client.grace_ended.v1': z.strictObject({ secretId: z.string(), endedAt: instant }),
  'latchkey.client.updated.v1': z.discriminatedUnion('changed', [
    z.strictObject({ changed: z.literal('name'), name: z.string() }),
    z.strictObject({ changed: z.literal('scopes'), scopes, scopesAsSent }),
    z.strictObject({ changed: z.literal('scope_sets'), scopeSetIds }),
    z.strictObject({ changed: z.literal('allowed_ips'), allowedIps }),
    z.strictObject({ changed: z.literal('assets'), assets }),
    z.strictObject({ changed: z.literal('plan'), plan: z.string() }),
    z.strictObject({ changed: z.literal('token_lifetime'), tokenLifetimeSeconds }),
    z.strictObject({ changed: z.literal('public_keys'), publicKeys }),
  ]),
  'latchkey.client.suspended.v1': z.strictObject({ reason: z.string(), suspendedAt: instant }),
  'latchkey.client.resumed.v1': z.strictObject({ resumedAt: instant }),
  'latchkey.client.tokens_ended.v1': z.strictObject({ generation, reason: z.string(), endedAt: instant }),
  'latchkey.client.deleted.v1': z.strictObject({ reason: z.string(), deletedAt: instant }),
  /** `expiresAt`: when it would have ended by itself. */
  'latchkey.access_token.revoked.v1': z.strictObject({ jti: z.string(), expiresAt: instant, revokedAt: instant }),
} as const;

type ClientEventOf<Type extends keyof typeof clientEvents> = {
  readonly type: Type;
  readonly data: z.infer<(typeof clientEvents)[Type]>;
};

export type ClientRegistered = ClientEventOf<'latchkey.client.registered.v1'>;
export type ClientSecretRotated = ClientEventOf<'latchkey.client.secret_rotated.v1'>;
/** A later rotation ended an old secret before its grace period did. */
export type ClientGraceEnded = ClientEventOf<'latchkey.client.grace_ended.v1'>;
export type ClientUpdated = ClientEventOf<'latchkey.client.updated.v1'>;
export type ClientSuspended = ClientEventOf<'latchkey.client.suspended.v1'>;
export type ClientResumed = ClientEventOf<'latchkey.client.resumed.v1'>;
/** All access tokens that the client had ended at once. */
export type ClientTokensEnded = ClientEventOf<'latchkey.client.tokens_ended.v1'>;
export type ClientDeleted = ClientEventOf<'latchkey.client.deleted.v1'>;
export type AccessTokenRevoked = ClientEventOf<'latchkey.access_token.revoked.v1'>;

export type ClientEvent =
  | ClientRegistered
  | ClientSecretRotated
  | ClientGraceEnded
  | ClientUpdated
  | ClientSuspended
  | ClientResumed
  | ClientTokensEnded
  | ClientDeleted
  | AccessTokenRevoked;
