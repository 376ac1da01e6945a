import { z } from 'zod';

const instant = z.iso.datetime();
/** Canonical scopes (`resource:action`), in the order in which they were granted. */
const scopes = z.array(z.string()).readonly();
/** The same grant in the spelling of who made it, so that it is shown as it was written (C1). */
const scopesAsSent = z.array(z.string()).readonly();
const assets = z.union([z.literal('all'), z.array(z.string()).readonly()]);
const scopeSetIds = z.array(z.string()).readonly();
const tags = z.array(z.string()).readonly();
/** Of who mails about a key, so that nobody has to be asked. */
const whose = { name: z.string(), userId: z.string() };

/** What becomes of a key whose secret was found in public. */
export const leakPolicySchema = z.enum(['notify', 'rotate', 'revoke']);

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
    /** Absent: none. */
    scopeSetIds: scopeSetIds.exactOptional(),
    /** Absent: none. */
    tags: tags.exactOptional(),
    /** With which its first secret begins, which somebody else has made. Absent: made here. */
    imported: z.strictObject({ prefix: z.string() }).exactOptional(),
  }),
  'latchkey.key.rotated.v1': z.strictObject({
    oldSecretId: z.string(),
    newSecretId: z.string(),
    gracePeriodSeconds: z.number().nonnegative(),
    graceUntil: instant,
    rotatedAt: instant,
    /** The old secret ends when it has not been used for so long. Absent: only by its time. */
    endsWhenSilentSeconds: z.number().positive().exactOptional(),
  }),
  'latchkey.key.updated.v1': z.discriminatedUnion('changed', [
    z.strictObject({ changed: z.literal('name'), name: z.string() }),
    z.strictObject({ changed: z.literal('scopes'), scopes, scopesAsSent }),
    z.strictObject({ changed: z.literal('allowed_ips'), allowedIps: z.array(z.string()).readonly() }),
    z.strictObject({ changed: z.literal('assets'), assets }),
    z.strictObject({ changed: z.literal('plan'), plan: z.string() }),
    z.strictObject({ changed: z.literal('scope_sets'), scopeSetIds }),
    z.strictObject({ changed: z.literal('tags'), tags }),
    z.strictObject({ changed: z.literal('expires_at'), expiresAt: instant.nullable() }),
  ]),
  'latchkey.key.grace_ended.v1': z.strictObject({
    secretId: z.string(),
    endedAt: instant,
    /** Absent: superseded. */
    reason: z.enum(['superseded', 'silent']).exactOptional(),
  }),
  /** `lastUsedAt`: of the old secret, which is still in use shortly before it ends. */
  'latchkey.key.rotation_stalled.v1': z.strictObject({
    ...whose,
    oldSecretId: z.string(),
    graceUntil: instant,
    lastUsedAt: instant,
  }),
  'latchkey.key.secret_revoked.v1': z.strictObject({ secretId: z.string(), revokedAt: instant }),
  'latchkey.key.suspended.v1': z.strictObject({
    reason: z.string(),
    suspendedAt: instant,
    /** Id of the user whose doing it was. Absent: not on record, of a time when the key's own user alone could resume it. */
    suspendedBy: z.string().exactOptional(),
  }),
  'latchkey.key.resumed.v1': z.strictObject({ resumedAt: instant }),
  /** `expiredAt`: as was configured, not when it was noticed. */
  'latchkey.key.expired.v1': z.strictObject({ expiredAt: instant }),
  'latchkey.key.expiry_reminder_sent.v1': z.strictObject({
    ...whose,
    daysBefore: z.union([z.literal(30), z.literal(14), z.literal(7)]),
    expiresAt: instant,
  }),
  /** `source`, `url`: in the words of who reported it. */
  'latchkey.key.leak_reported.v1': z.strictObject({
    ...whose,
    secretId: z.string(),
    source: z.string(),
    url: z.string(),
    policy: leakPolicySchema,
    reportedAt: instant,
  }),
  'latchkey.key.revoked.v1': z.strictObject({ reason: z.string(), revokedAt: instant }),
} as const;

type KeyEventOf<Type extends keyof typeof keyEvents> = {
  readonly type: Type;
  readonly data: z.infer<(typeof keyEvents)[Type]>;
};

export type KeyCreated = KeyEventOf<'latchkey.key.created.v1'>;
export type KeyRotated = KeyEventOf<'latchkey.key.rotated.v1'>;
export type KeyUpdated = KeyEventOf<'latchkey.key.updated.v1'>;
/** An old secret ended before its grace period did: a later rotation took its place, or it was silent for as long as was chosen. */
export type KeyGraceEnded = KeyEventOf<'latchkey.key.grace_ended.v1'>;
/** Somebody will be cut off: an old secret is in use, and ends soon. Once for each rotation. */
export type RotationStalled = KeyEventOf<'latchkey.key.rotation_stalled.v1'>;
/** Somebody ended one secret of a key that has another one. */
export type KeySecretRevoked = KeyEventOf<'latchkey.key.secret_revoked.v1'>;
export type KeySuspended = KeyEventOf<'latchkey.key.suspended.v1'>;
export type KeyResumed = KeyEventOf<'latchkey.key.resumed.v1'>;
/** For the record: checks go by the time itself. */
export type KeyExpired = KeyEventOf<'latchkey.key.expired.v1'>;
/** At most one of each for an expiry. */
export type KeyExpiryReminderSent = KeyEventOf<'latchkey.key.expiry_reminder_sent.v1'>;
export type KeyLeakReported = KeyEventOf<'latchkey.key.leak_reported.v1'>;
export type KeyRevoked = KeyEventOf<'latchkey.key.revoked.v1'>;

export type KeyEvent =
  | KeyCreated
  | KeyRotated
  | KeyUpdated
  | KeyGraceEnded
  | RotationStalled
  | KeySecretRevoked
  | KeySuspended
  | KeyResumed
  | KeyExpired
  | KeyExpiryReminderSent
  | KeyLeakReported
  | KeyRevoked;
