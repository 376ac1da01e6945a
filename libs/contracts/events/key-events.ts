import { z } from 'zod';

const instant = z.iso.datetime();
/** Canonical scopes (`resource:action`), in the order in which they were granted. */
const scopes = z.array(z.string()).readonly();
/** The same grant in the spelling of who made it, so that it is shown as it was written (C1). */
const scopesAsSent = z.array(z.string()).readonly();
const assets = z.union([z.literal('all'), z.array(z.string()).readonly()]);

/** Payloads of the API key's events. None holds a secret or a digest; old versions must parse for ever. */
export const keyEvents = {
  'latchkey.key.created.v1': z.strictObject({
    keyId: z.string(),
    displayId: z.string(),
    workspaceId: z.string(),
    userId: z.string(),
    name: z.string(),
    scopes,
    scopesAsSent,
    allowedIps: z.array(z.string()).readonly(),
    assets,
    plan: z.string(),
    expiresAt: instant.nullable(),
    secretId: z.string(),
    createdAt: instant,
  }),
  'latchkey.key.rotated.v1': z.strictObject({
    oldSecretId: z.string(),
    newSecretId: z.string(),
    gracePeriodSeconds: z.number().nonnegative(),
    graceUntil: instant,
    rotatedAt: instant,
  }),
  'latchkey.key.updated.v1': z.discriminatedUnion('changed', [
    z.strictObject({ changed: z.literal('name'), name: z.string() }),
    z.strictObject({ changed: z.literal('scopes'), scopes, scopesAsSent }),
    z.strictObject({ changed: z.literal('allowed_ips'), allowedIps: z.array(z.string()).readonly() }),
    z.strictObject({ changed: z.literal('assets'), assets }),
    z.strictObject({ changed: z.literal('plan'), plan: z.string() }),
  ]),
  'latchkey.key.grace_ended.v1': z.strictObject({ secretId: z.string(), endedAt: instant }),
  'latchkey.key.secret_revoked.v1': z.strictObject({ secretId: z.string(), revokedAt: instant }),
  'latchkey.key.revoked.v1': z.strictObject({ reason: z.string(), revokedAt: instant }),
} as const;

type PayloadOf<Type extends keyof typeof keyEvents> = z.infer<(typeof keyEvents)[Type]>;

export type KeyCreated = {
  readonly type: 'latchkey.key.created.v1';
  readonly data: PayloadOf<'latchkey.key.created.v1'>;
};
export type KeyRotated = {
  readonly type: 'latchkey.key.rotated.v1';
  readonly data: PayloadOf<'latchkey.key.rotated.v1'>;
};
export type KeyUpdated = {
  readonly type: 'latchkey.key.updated.v1';
  readonly data: PayloadOf<'latchkey.key.updated.v1'>;
};
/** A later rotation ended an old secret before its grace period did. */
export type KeyGraceEnded = {
  readonly type: 'latchkey.key.grace_ended.v1';
  readonly data: PayloadOf<'latchkey.key.grace_ended.v1'>;
};
/** Somebody ended one secret of a key that has another one. */
export type KeySecretRevoked = {
  readonly type: 'latchkey.key.secret_revoked.v1';
  readonly data: PayloadOf<'latchkey.key.secret_revoked.v1'>;
};
export type KeyRevoked = {
  readonly type: 'latchkey.key.revoked.v1';
  readonly data: PayloadOf<'latchkey.key.revoked.v1'>;
};

export type KeyEvent = KeyCreated | KeyRotated | KeyUpdated | KeyGraceEnded | KeySecretRevoked | KeyRevoked;
