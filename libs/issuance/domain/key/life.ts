import { AppError } from '@latchkey/kernel';
import { secretIdOf, type KeyEvent } from '@latchkey/contracts';
import type {
  CreateKey,
  ExpireKey,
  RemindOfExpiry,
  ReportLeak,
  ResumeKey,
  RevokeKey,
  RevokeSecret,
  SuspendKey,
} from './commands';
import { refusePastExpiry } from './change';
import { refuseBeyondGrantor, refuseOthersKey } from './containment';
import { isExpired, liveSecrets, type ExistingKey, type KeyState, type SuspendedKey } from './key';
import { existing, living } from './standing';

export function create(command: CreateKey, state: KeyState): readonly KeyEvent[] {
  const { grant, scopeSetIds, setScopes, tags, imported, grantor, now } = command;
  if (state.status !== 'None') throw new AppError('stream.exists');
  refusePastExpiry(grant.expiresAt, now);
  refuseBeyondGrantor({ ...grant, scopeSetIds }, setScopes, grantor);
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
        ...(scopeSetIds.length > 0 && { scopeSetIds }),
        ...(tags.length > 0 && { tags }),
        ...(imported && { imported }),
      },
    },
  ];
}

/**
 * Anybody who may change the key may stop it, as they may narrow it. Of a key that is stopped already it stays on record who has done it: whoever
 * could take that over could then resume what its user has stopped.
 */
export function suspend({ reason, userId, now }: SuspendKey, state: KeyState): readonly KeyEvent[] {
  if (living(state, now).status === 'Suspended') return [];
  return [{ type: 'latchkey.key.suspended.v1', data: { reason, suspendedAt: now.toISOString(), suspendedBy: userId } }];
}

/**
 * Who resumes a key gives it all that it has. What its own user has stopped is theirs to resume; what somebody else has stopped is for whoever
 * may change everybody's keys: its user could take back what was done to them, and others are shown no secret by it.
 */
export function resume(command: ResumeKey, state: KeyState): readonly KeyEvent[] {
  const { changesAll, setScopes, grantor, now } = command;
  const key = living(state, now);
  if (key.status === 'Active') return [];
  if (!isStoppedByAnother(key)) refuseOthersKey(key, grantor);
  else if (!changesAll)
    throw new AppError('auth.forbidden', { public: 'Somebody else has suspended this key: ask an owner or admin.' });
  refuseBeyondGrantor(key, setScopes, grantor, 'Only a credential that itself has all that the key has can resume it.');
  return [{ type: 'latchkey.key.resumed.v1', data: { resumedAt: now.toISOString() } }];
}

const isStoppedByAnother = ({ userId, suspendedBy }: SuspendedKey): boolean =>
  suspendedBy !== null && suspendedBy !== userId;

export function expire({ now }: ExpireKey, state: KeyState): readonly KeyEvent[] {
  const key = existing(state);
  if (key.status === 'Revoked' || key.expiresAt === null || key.expiredAt !== null || !isExpired(key, now)) return [];
  return [{ type: 'latchkey.key.expired.v1', data: { expiredAt: key.expiresAt.toISOString() } }];
}

const DAY_MS = 24 * 3_600_000;

/** Nobody is reminded of a day that is to come, that was over when the key was made, or after they were of a later one. */
export function remind({ daysBefore, now }: RemindOfExpiry, state: KeyState): readonly KeyEvent[] {
  const key = existing(state);
  if (key.status === 'Revoked' || key.expiresAt === null || isExpired(key, now)) return [];
  const due = new Date(key.expiresAt.getTime() - daysBefore * DAY_MS);
  if (due > now || due < key.createdAt || key.remindedDays.some((days) => days <= daysBefore)) return [];
  return [
    {
      type: 'latchkey.key.expiry_reminder_sent.v1',
      data: { name: key.name, userId: key.userId, daysBefore, expiresAt: key.expiresAt.toISOString() },
    },
  ];
}

/** What has leaked is on record for a key that has ended too. Under `revoke` the secret ends with it, and its key where that has no other one. */
export function reportLeak(command: ReportLeak, state: KeyState): readonly KeyEvent[] {
  const { secretNumber, source, url, policy, now } = command;
  const key = withSecret(state, secretNumber);
  const reported: KeyEvent = {
    type: 'latchkey.key.leak_reported.v1',
    data: {
      ...{ name: key.name, userId: key.userId, secretId: secretIdOf(key.keyId, secretNumber) },
      ...{ source, url, policy, reportedAt: now.toISOString() },
    },
  };
  if (policy !== 'revoke') return [reported];
  return [reported, ...revokeSecret({ type: 'RevokeSecret', secretNumber, reason: 'leaked', now }, key)];
}

/** Revoking twice is no error: whoever repeats a request that got no answer wants to hear that the key is dead. */
export function revoke({ reason, now }: RevokeKey, state: KeyState): readonly KeyEvent[] {
  if (existing(state).status === 'Revoked') return [];
  return [{ type: 'latchkey.key.revoked.v1', data: { reason, revokedAt: now.toISOString() } }];
}

/** A key without any live secret would be nobody's, so ending its last one revokes it. */
export function revokeSecret(command: RevokeSecret, state: KeyState): readonly KeyEvent[] {
  const { secretNumber, reason, now } = command;
  const key = withSecret(state, secretNumber);
  const live = liveSecrets(key, now);
  if (!live.some(({ number }) => number === secretNumber)) return [];
  if (live.length === 1) return revoke({ type: 'RevokeKey', reason, now }, key);
  return [
    {
      type: 'latchkey.key.secret_revoked.v1',
      data: { secretId: secretIdOf(key.keyId, secretNumber), revokedAt: now.toISOString() },
    },
  ];
}

/** @throws AppError `key.not_found` also for a secret that it never had */
function withSecret(state: KeyState, secretNumber: number): ExistingKey {
  const key = existing(state);
  if (secretNumber >= 1 && secretNumber <= key.lastSecretNumber) return key;
  throw new AppError('key.not_found');
}
