import { keyId, userId, workspaceId } from '@latchkey/kernel';
import { profileByName, type Grant, type Profile } from '@latchkey/access';
import type { KeyEvent, KeyUpdated } from '@latchkey/contracts';
import { given } from '@latchkey/testing';
import {
  PLAIN_KEY,
  type CreateKey,
  type Grantor,
  type KeyChanges,
  type KeyCommand,
  type RotateKey,
  type ScopesOfSets,
} from '../domain/key/commands';
import { decide } from '../domain/key/decide';
import { evolve, initialKey } from '../domain/key/key';

/*
 * The history of one key, from the day on which it was made, by the hour.
 */

export const KEY = '01900000-0000-7000-8000-000000000001';
export const HOUR_MS = 3_600_000;
export const at = (hours: number): Date => new Date(Date.UTC(2026, 3, 28, 12) + hours * HOUR_MS);
export const iso = (hours: number): string => at(hours).toISOString();

const shield = profileByName('zshield') as Profile;
export const everything: Grant = {
  ...{ scopes: ['admin:full'], plan: 'unlimited', assets: 'all', allowedIps: [], expiresAt: null },
};
/** Who has everything but for what is said; an owner, and the key's own user unless it is said. */
export const by = (grant: Partial<Grant> = {}, ofOwner = true, user = 'u'): Grantor => ({
  kind: 'credential',
  userId: userId(user),
  profile: shield,
  grant: { ...everything, ...grant },
  ofOwner,
});
/** Who can do everything, and is another user than the key's. */
export const another = by({}, true, 'another');

/** A scope set that gives `rules:write`. */
export const SET = 'set-1';
export const sets: ScopesOfSets = new Map([[SET, ['rules:write']]]);

export const grant: Grant = {
  scopes: ['alerts:read', 'assets:read'],
  plan: 'starter',
  assets: 'all',
  allowedIps: [],
  expiresAt: at(1_000),
};
export const create = (overrides: Partial<CreateKey> = {}): CreateKey => ({
  type: 'CreateKey',
  ...PLAIN_KEY,
  keyId: keyId(KEY),
  displayId: 'key-8a3b9c2d',
  workspaceId: workspaceId('w'),
  userId: userId('u'),
  name: 'SOAR Integration',
  grant,
  scopesAsSent: grant.scopes,
  grantor: by(),
  now: at(0),
  ...overrides,
});
export const change = (changes: KeyChanges, grantor = by(), now = at(1)): KeyCommand => ({
  ...{ type: 'ChangeKey', changes, setScopes: sets, grantor, now },
});
export const rotate = (overrides: Partial<RotateKey> = {}): KeyCommand => ({
  type: 'RotateKey',
  replaces: 1,
  lost: false,
  gracePeriodMs: 48 * HOUR_MS,
  endsWhenSilentMs: null,
  setScopes: sets,
  grantor: by(),
  now: at(1),
  ...overrides,
});
/** By the key's own user unless it is said. */
export const suspend = (user = 'u', now = at(2)): KeyCommand => ({
  ...{ type: 'SuspendKey', reason: 'requested', userId: userId(user), now },
});
export const resume = (grantor = by(), now = at(3), changesAll = true): KeyCommand => ({
  ...{ type: 'ResumeKey', changesAll, setScopes: sets, grantor, now },
});
export const revoke: KeyCommand = { type: 'RevokeKey', reason: 'requested', now: at(2) };
export const revokeSecret = (secretNumber: number, now = at(2)): KeyCommand => ({
  ...{ type: 'RevokeSecret', secretNumber, reason: 'requested', now },
});

export const created: KeyEvent = {
  type: 'latchkey.key.created.v1',
  data: {
    keyId: KEY,
    displayId: 'key-8a3b9c2d',
    workspaceId: 'w',
    userId: 'u',
    name: 'SOAR Integration',
    scopes: ['alerts:read', 'assets:read'],
    scopesAsSent: ['alerts:read', 'assets:read'],
    allowedIps: [],
    assets: 'all',
    plan: 'starter',
    expiresAt: iso(1_000),
    secretId: `${KEY}.1`,
    createdAt: iso(0),
  },
};
export const rotated = (
  from: number,
  to: number,
  rotatedAt: number,
  graceUntil: number,
  endsWhenSilentHours?: number,
): KeyEvent => ({
  type: 'latchkey.key.rotated.v1',
  data: {
    oldSecretId: `${KEY}.${from}`,
    newSecretId: `${KEY}.${to}`,
    gracePeriodSeconds: (graceUntil - rotatedAt) * 3_600,
    graceUntil: iso(graceUntil),
    rotatedAt: iso(rotatedAt),
    ...(endsWhenSilentHours !== undefined && { endsWhenSilentSeconds: endsWhenSilentHours * 3_600 }),
  },
});
export const graceEnded = (number: number, hours: number, reason: 'superseded' | 'silent'): KeyEvent => ({
  type: 'latchkey.key.grace_ended.v1',
  data: { secretId: `${KEY}.${number}`, endedAt: iso(hours), reason },
});
export const updated = (data: KeyUpdated['data']): KeyEvent => ({ type: 'latchkey.key.updated.v1', data });
/** By the key's own user unless it is said. */
export const suspended = (hours: number, user = 'u'): KeyEvent => ({
  type: 'latchkey.key.suspended.v1',
  data: { reason: 'requested', suspendedAt: iso(hours), suspendedBy: user },
});
export const resumed = (hours: number): KeyEvent => ({
  type: 'latchkey.key.resumed.v1',
  data: { resumedAt: iso(hours) },
});
export const revoked = (hours: number, reason = 'requested'): KeyEvent => ({
  type: 'latchkey.key.revoked.v1',
  data: { reason, revokedAt: iso(hours) },
});
export const secretRevoked = (number: number): KeyEvent => ({
  type: 'latchkey.key.secret_revoked.v1',
  data: { secretId: `${KEY}.${number}`, revokedAt: iso(2) },
});

const decider = { initialState: initialKey, decide, evolve };
export const givenKey = (...events: KeyEvent[]) => given(decider, events);
