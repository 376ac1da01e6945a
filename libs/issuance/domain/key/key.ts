import { assertNever, keyId, userId, workspaceId, type KeyId, type UserId, type WorkspaceId } from '@latchkey/kernel';
import {
  afterRotation,
  liveSecrets as liveOf,
  withGrantUpdate,
  type Grant,
  type HeldSecret,
  type NamedGrant,
} from '@latchkey/access';
import {
  secretNumberOf,
  type KeyCreated,
  type KeyEvent,
  type KeyExpiryReminderSent,
  type KeyRotated,
  type KeySuspended,
  type KeyUpdated,
} from '@latchkey/contracts';

export interface Key extends Grant, NamedGrant {
  readonly keyId: KeyId;
  readonly displayId: string;
  readonly workspaceId: WorkspaceId;
  readonly userId: UserId;
  /** What these hold it has besides its scopes, as they are now. */
  readonly scopeSetIds: readonly string[];
  /** To find keys again, in no order that means anything. */
  readonly tags: readonly string[];
  readonly createdAt: Date;
  /** With which its first secret begins that somebody else has made; `null`: made here. */
  readonly importedPrefix: string | null;
  /** In the order of their numbers. */
  readonly secrets: readonly HeldSecret[];
  /** Numbers are never used again. */
  readonly lastSecretNumber: number;
  /** `null`: no secret of it is in a grace period that runs, or that has run out since. */
  readonly rotation: Rotation | null;
  /** That its expiry has passed is on record. */
  readonly expiredAt: Date | null;
  /** How many days before its expiry reminders of it were sent. */
  readonly remindedDays: readonly number[];
}

/** How the old secret came to be that is in its grace period: at most one is. */
export interface Rotation {
  readonly oldSecretNumber: number;
  readonly replacedAt: Date;
  /** It ends when it has not been used for so long; `null`: only by its time. */
  readonly endsWhenSilentMs: number | null;
  /** That it is in use shortly before it ends is on record. */
  readonly stalled: boolean;
}

/** A key that nobody has suspended. */
interface NotSuspended {
  readonly suspendedAt: null;
  readonly suspendedBy: null;
}
export const NOT_SUSPENDED: NotSuspended = { suspendedAt: null, suspendedBy: null };

export type ActiveKey = Key & NotSuspended & { readonly status: 'Active' };
/** None of its secrets passes until it is resumed. */
export type SuspendedKey = Key & {
  readonly status: 'Suspended';
  readonly suspendedAt: Date;
  /** `null`: not on record. */
  readonly suspendedBy: UserId | null;
};
export type LivingKey = ActiveKey | SuspendedKey;
export type RevokedKey = Key & NotSuspended & { readonly status: 'Revoked'; readonly revokedAt: Date };
export type ExistingKey = LivingKey | RevokedKey;
export type KeyState = { readonly status: 'None' } | ExistingKey;

export const initialKey: KeyState = { status: 'None' };

export const isExpired = (key: Key, now: Date): boolean => key.expiresAt !== null && key.expiresAt <= now;

export const liveSecrets = ({ secrets }: Key, now: Date): readonly HeldSecret[] => liveOf(secrets, now);

/** The state after the event. A key's first event is `KeyCreated`; nothing follows `KeyRevoked` that could undo it. */
export function evolve(state: KeyState, event: KeyEvent): KeyState {
  if (state.status === 'None') return event.type === 'latchkey.key.created.v1' ? created(event) : state;
  if (state.status === 'Revoked') return state;
  switch (event.type) {
    case 'latchkey.key.created.v1':
    case 'latchkey.key.leak_reported.v1':
      return state;
    case 'latchkey.key.rotated.v1':
      return rotated(state, event);
    case 'latchkey.key.rotation_stalled.v1':
      return stalled(state, secretNumberOf(event.data.oldSecretId));
    case 'latchkey.key.updated.v1':
      return updated(state, event);
    case 'latchkey.key.grace_ended.v1':
    case 'latchkey.key.secret_revoked.v1':
      return withoutSecret(state, secretNumberOf(event.data.secretId));
    case 'latchkey.key.suspended.v1':
      return suspended(state, event);
    case 'latchkey.key.resumed.v1':
      return resumed(state);
    case 'latchkey.key.expired.v1':
      return { ...state, expiredAt: new Date(event.data.expiredAt) };
    case 'latchkey.key.expiry_reminder_sent.v1':
      return reminded(state, event);
    case 'latchkey.key.revoked.v1':
      return revoked(state, new Date(event.data.revokedAt));
    default:
      return assertNever(event);
  }
}

function created({ data }: KeyCreated): ActiveKey {
  const createdAt = new Date(data.createdAt);
  const number = secretNumberOf(data.secretId);
  return {
    status: 'Active',
    ...NOT_SUSPENDED,
    keyId: keyId(data.keyId),
    displayId: data.displayId,
    workspaceId: workspaceId(data.workspaceId),
    userId: userId(data.userId),
    name: data.name,
    scopes: data.scopes,
    scopesAsSent: data.scopesAsSent,
    scopeSetIds: data.scopeSetIds ?? [],
    allowedIps: data.allowedIps,
    assets: data.assets,
    plan: data.plan,
    tags: data.tags ?? [],
    expiresAt: dateOf(data.expiresAt),
    createdAt,
    importedPrefix: data.imported?.prefix ?? null,
    secrets: [{ number, createdAt, graceUntil: null }],
    lastSecretNumber: number,
    rotation: null,
    expiredAt: null,
    remindedDays: [],
  };
}

const dateOf = (instant: string | null): Date | null => (instant === null ? null : new Date(instant));

function rotated<Of extends LivingKey>(key: Of, { data }: KeyRotated): Of {
  const number = secretNumberOf(data.newSecretId);
  const replacedAt = new Date(data.rotatedAt);
  const secrets = afterRotation(key.secrets, {
    old: secretNumberOf(data.oldSecretId),
    number,
    graceUntil: new Date(data.graceUntil),
    at: replacedAt,
  });
  const oldSecretNumber = secrets.find(({ graceUntil }) => graceUntil !== null)?.number;
  if (oldSecretNumber === undefined) return { ...key, secrets, lastSecretNumber: number, rotation: null };
  // Who rotates again, as a reply was lost or its secret revoked, leaves the old secret in the grace period that it has.
  const earlier = key.rotation?.oldSecretNumber === oldSecretNumber ? key.rotation : null;
  const { endsWhenSilentSeconds: seconds } = data;
  const rotation: Rotation = {
    oldSecretNumber,
    replacedAt: earlier?.replacedAt ?? replacedAt,
    endsWhenSilentMs: seconds === undefined ? (earlier?.endsWhenSilentMs ?? null) : seconds * 1_000,
    stalled: earlier?.stalled ?? false,
  };
  return { ...key, secrets, lastSecretNumber: number, rotation };
}

const stalled = <Of extends LivingKey>(key: Of, oldSecretNumber: number): Of =>
  key.rotation?.oldSecretNumber === oldSecretNumber ? { ...key, rotation: { ...key.rotation, stalled: true } } : key;

/** The key after an update. */
export function updated<Of extends LivingKey>(key: Of, { data }: KeyUpdated): Of {
  switch (data.changed) {
    case 'scope_sets':
      return { ...key, scopeSetIds: data.scopeSetIds };
    case 'tags':
      return { ...key, tags: data.tags };
    case 'expires_at':
      return { ...key, expiresAt: dateOf(data.expiresAt), expiredAt: null, remindedDays: [] };
    case 'name':
    case 'scopes':
    case 'allowed_ips':
    case 'assets':
    case 'plan':
      return withGrantUpdate(key, data);
    default:
      return assertNever(data);
  }
}

const withoutSecret = <Of extends LivingKey>(key: Of, number: number): Of => ({
  ...key,
  secrets: key.secrets.filter((secret) => secret.number !== number),
  rotation: key.rotation?.oldSecretNumber === number ? null : key.rotation,
});

/** A reminder of another expiry than the one that it has now says nothing of this one. */
const reminded = <Of extends LivingKey>(key: Of, { data }: KeyExpiryReminderSent): Of =>
  key.expiresAt?.getTime() === new Date(data.expiresAt).getTime()
    ? { ...key, remindedDays: [...key.remindedDays, data.daysBefore] }
    : key;

const suspended = (key: LivingKey, { data }: KeySuspended): SuspendedKey => ({
  ...key,
  status: 'Suspended',
  suspendedAt: new Date(data.suspendedAt),
  suspendedBy: data.suspendedBy === undefined ? null : userId(data.suspendedBy),
});

/** Nobody could use the old secret meanwhile, so its silence says nothing: from here on it ends by its time. */
const resumed = (key: LivingKey): ActiveKey => ({
  ...key,
  ...NOT_SUSPENDED,
  ...{ status: 'Active', rotation: key.rotation && { ...key.rotation, endsWhenSilentMs: null } },
});

const revoked = (key: LivingKey, revokedAt: Date): RevokedKey => ({
  ...key,
  ...NOT_SUSPENDED,
  ...{ status: 'Revoked', revokedAt, secrets: [], rotation: null },
});
