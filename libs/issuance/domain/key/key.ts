import { assertNever, keyId, userId, workspaceId, type KeyId, type UserId, type WorkspaceId } from '@latchkey/kernel';
import { afterRotation, liveSecrets as liveOf, type Grant, type HeldSecret } from '@latchkey/access';
import { secretNumberOf, type KeyCreated, type KeyEvent, type KeyRotated, type KeyUpdated } from '@latchkey/contracts';

export interface Key extends Grant {
  readonly keyId: KeyId;
  readonly displayId: string;
  readonly workspaceId: WorkspaceId;
  readonly userId: UserId;
  readonly name: string;
  /** The scopes in the spelling of who granted them (C1). */
  readonly scopesAsSent: readonly string[];
  readonly createdAt: Date;
  /** In the order of their numbers. */
  readonly secrets: readonly HeldSecret[];
  /** Numbers are never used again. */
  readonly lastSecretNumber: number;
}

export type ActiveKey = Key & { readonly status: 'Active' };
export type RevokedKey = Key & { readonly status: 'Revoked'; readonly revokedAt: Date };
export type KeyState = { readonly status: 'None' } | ActiveKey | RevokedKey;

export const initialKey: KeyState = { status: 'None' };

export const isExpired = (key: Key, now: Date): boolean => key.expiresAt !== null && key.expiresAt <= now;

export const liveSecrets = ({ secrets }: Key, now: Date): readonly HeldSecret[] => liveOf(secrets, now);

/** The state after the event. A key's first event is `KeyCreated`; nothing follows `KeyRevoked` that could undo it. */
export function evolve(state: KeyState, event: KeyEvent): KeyState {
  if (state.status === 'None') return event.type === 'latchkey.key.created.v1' ? created(event) : state;
  if (state.status === 'Revoked') return state;
  switch (event.type) {
    case 'latchkey.key.created.v1':
      return state;
    case 'latchkey.key.rotated.v1':
      return rotated(state, event);
    case 'latchkey.key.updated.v1':
      return updated(state, event);
    case 'latchkey.key.grace_ended.v1':
    case 'latchkey.key.secret_revoked.v1':
      return withoutSecret(state, secretNumberOf(event.data.secretId));
    case 'latchkey.key.revoked.v1':
      return { ...state, status: 'Revoked', revokedAt: new Date(event.data.revokedAt), secrets: [] };
    default:
      return assertNever(event);
  }
}

function created({ data }: KeyCreated): ActiveKey {
  const createdAt = new Date(data.createdAt);
  const number = secretNumberOf(data.secretId);
  return {
    status: 'Active',
    keyId: keyId(data.keyId),
    displayId: data.displayId,
    workspaceId: workspaceId(data.workspaceId),
    userId: userId(data.userId),
    name: data.name,
    scopes: data.scopes,
    scopesAsSent: data.scopesAsSent,
    allowedIps: data.allowedIps,
    assets: data.assets,
    plan: data.plan,
    expiresAt: data.expiresAt === null ? null : new Date(data.expiresAt),
    createdAt,
    secrets: [{ number, createdAt, graceUntil: null }],
    lastSecretNumber: number,
  };
}

function rotated(key: ActiveKey, { data }: KeyRotated): ActiveKey {
  const number = secretNumberOf(data.newSecretId);
  const secrets = afterRotation(key.secrets, {
    old: secretNumberOf(data.oldSecretId),
    number,
    graceUntil: new Date(data.graceUntil),
    at: new Date(data.rotatedAt),
  });
  return { ...key, secrets, lastSecretNumber: number };
}

/** The key after an update. */
export function updated(key: ActiveKey, { data }: KeyUpdated): ActiveKey {
  switch (data.changed) {
    case 'name':
      return { ...key, name: data.name };
    case 'scopes':
      return { ...key, scopes: data.scopes, scopesAsSent: data.scopesAsSent };
    case 'allowed_ips':
      return { ...key, allowedIps: data.allowedIps };
    case 'assets':
      return { ...key, assets: data.assets };
    case 'plan':
      return { ...key, plan: data.plan };
    default:
      return assertNever(data);
  }
}

const withoutSecret = (key: ActiveKey, number: number): ActiveKey => ({
  ...key,
  secrets: key.secrets.filter((secret) => secret.number !== number),
});
