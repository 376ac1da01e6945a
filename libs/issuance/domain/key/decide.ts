import { AppError, assertNever } from '@latchkey/kernel';
import { rotateSecrets } from '@latchkey/access';
import { secretIdOf, type KeyEvent, type KeyUpdated } from '@latchkey/contracts';
import type { ChangeKey, CreateKey, KeyChanges, KeyCommand, RevokeKey, RevokeSecret, RotateKey } from './commands';
import { refuseBeyondGrantor, refuseOthersKey, widens } from './containment';
import { isExpired, liveSecrets, updated, type ActiveKey, type KeyState } from './key';

/**
 * What a command does to a key.
 * @throws AppError `stream.exists`, `key.not_found`, `key.already_revoked`, `key.expired`, `key.expiry_in_past`, `key.exceeds_grantor`,
 * `auth.forbidden` for a key of another user, `stream.version_conflict`
 */
export function decide(command: KeyCommand, state: KeyState): readonly KeyEvent[] {
  switch (command.type) {
    case 'CreateKey':
      return create(command, state);
    case 'ChangeKey':
      return change(command, usable(state, command.now));
    case 'RotateKey':
      return rotate(command, usable(state, command.now));
    case 'RevokeKey':
      return revoke(command, state);
    case 'RevokeSecret':
      return revokeSecret(command, state);
    default:
      return assertNever(command);
  }
}

/** A key that has ended is not changed any more: it could only look alive. */
function usable(state: KeyState, now: Date): ActiveKey {
  switch (state.status) {
    case 'None':
      throw new AppError('key.not_found');
    case 'Revoked':
      throw new AppError('key.already_revoked');
    case 'Active':
      if (isExpired(state, now)) throw new AppError('key.expired');
      return state;
    default:
      return assertNever(state);
  }
}

function create(command: CreateKey, state: KeyState): readonly KeyEvent[] {
  const { grant, grantor, now } = command;
  if (state.status !== 'None') throw new AppError('stream.exists');
  if (grant.expiresAt !== null && grant.expiresAt <= now) {
    throw new AppError('key.expiry_in_past', { field: 'expires_at' });
  }
  refuseBeyondGrantor(grant, grantor);
  return [
    {
      type: 'latchkey.key.created.v1',
      data: {
        keyId: command.keyId,
        displayId: command.displayId,
        workspaceId: command.workspaceId,
        userId: command.userId,
        name: command.name,
        scopes: grant.scopes,
        scopesAsSent: command.scopesAsSent,
        allowedIps: grant.allowedIps,
        assets: grant.assets === 'all' ? 'all' : [...grant.assets],
        plan: grant.plan,
        expiresAt: grant.expiresAt?.toISOString() ?? null,
        secretId: secretIdOf(command.keyId, 1),
        createdAt: now.toISOString(),
      },
    },
  ];
}

const WIDENED = 'Only a credential that itself has all that the key would have can give it more.';

/**
 * A name is nobody's right, and a stronger key may be narrowed. But whoever widens one field grants the key with all its others: a
 * scope on a key that never ends, or everything that a key behind a list of addresses can do. And only to themselves.
 */
function change({ changes, grantor }: ChangeKey, key: ActiveKey): readonly KeyEvent[] {
  const updates = updatesOf(changes).filter((data) => differs(key, data));
  const events = updates.map((data): KeyUpdated => ({ type: 'latchkey.key.updated.v1', data }));
  if (grantor.kind === 'credential' && updates.some((data) => widens(grantor.profile, key, data))) {
    refuseOthersKey(key, grantor);
    refuseBeyondGrantor(events.reduce(updated, key), grantor, WIDENED);
  }
  return events;
}

type Update = Exclude<KeyUpdated['data'], { changed: 'assets' }>;

function updatesOf({ name, scopes, allowedIps, plan }: KeyChanges): readonly Update[] {
  return [
    ...(name === undefined ? [] : [{ changed: 'name', name } as const]),
    ...(scopes === undefined
      ? []
      : [{ changed: 'scopes', scopes: scopes.canonical, scopesAsSent: scopes.asSent } as const]),
    ...(allowedIps === undefined ? [] : [{ changed: 'allowed_ips', allowedIps } as const]),
    ...(plan === undefined ? [] : [{ changed: 'plan', plan } as const]),
  ];
}

function differs(key: ActiveKey, update: Update): boolean {
  switch (update.changed) {
    case 'name':
      return key.name !== update.name;
    case 'scopes':
      return !sameList(key.scopes, update.scopes) || !sameList(key.scopesAsSent, update.scopesAsSent);
    case 'allowed_ips':
      return !sameList(key.allowedIps, update.allowedIps);
    case 'plan':
      return key.plan !== update.plan;
    default:
      return assertNever(update);
  }
}

/** The whole key must be within the grantor's own, and of the same user, because the reply hands its secret over. */
function rotate({ replaces, lost, gracePeriodMs, grantor, now }: RotateKey, key: ActiveKey): readonly KeyEvent[] {
  refuseOthersKey(key, grantor);
  if (replaces !== key.lastSecretNumber) throw new AppError('stream.version_conflict');
  refuseBeyondGrantor(key, grantor);
  const { ended, replaced, graceUntil } = rotateSecrets(key.secrets, replaces, { gracePeriodMs, lost, now });
  return [
    ...ended.map((number): KeyEvent => ({
      type: 'latchkey.key.grace_ended.v1',
      data: { secretId: secretIdOf(key.keyId, number), endedAt: now.toISOString() },
    })),
    {
      type: 'latchkey.key.rotated.v1',
      data: {
        oldSecretId: secretIdOf(key.keyId, replaced ?? key.lastSecretNumber),
        newSecretId: secretIdOf(key.keyId, key.lastSecretNumber + 1),
        gracePeriodSeconds: (graceUntil.getTime() - now.getTime()) / 1_000,
        graceUntil: graceUntil.toISOString(),
        rotatedAt: now.toISOString(),
      },
    },
  ];
}

/** Revoking twice is no error: whoever repeats a request that got no answer wants to hear that the key is dead. */
function revoke({ reason, now }: RevokeKey, state: KeyState): readonly KeyEvent[] {
  switch (state.status) {
    case 'None':
      throw new AppError('key.not_found');
    case 'Revoked':
      return [];
    case 'Active':
      return [{ type: 'latchkey.key.revoked.v1', data: { reason, revokedAt: now.toISOString() } }];
    default:
      return assertNever(state);
  }
}

/** A key without any live secret would be nobody's, so ending its last one revokes it. */
function revokeSecret(command: RevokeSecret, state: KeyState): readonly KeyEvent[] {
  const { secretNumber, reason, now } = command;
  if (state.status === 'None' || secretNumber < 1 || secretNumber > state.lastSecretNumber) {
    throw new AppError('key.not_found');
  }
  const live = liveSecrets(state, now);
  if (!live.some(({ number }) => number === secretNumber)) return [];
  if (live.length === 1) return revoke({ type: 'RevokeKey', reason, now }, state);
  return [
    {
      type: 'latchkey.key.secret_revoked.v1',
      data: { secretId: secretIdOf(state.keyId, secretNumber), revokedAt: now.toISOString() },
    },
  ];
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);
