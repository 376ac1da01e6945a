import { keyId, userId, workspaceId } from '@latchkey/kernel';
import { administers, lessensAdmin, standsIn } from './admin';
import type { ActiveKey, KeyState } from './key';

const HOUR_MS = 3_600_000;
const at = (hours: number) => new Date(Date.UTC(2026, 3, 28, 12) + hours * HOUR_MS);
const now = at(0);

const current = { number: 2, createdAt: now, graceUntil: null };
const inGrace = { number: 1, createdAt: now, graceUntil: at(1) };
const admin = (overrides: Partial<ActiveKey> = {}): ActiveKey => ({
  status: 'Active',
  suspendedAt: null,
  suspendedBy: null,
  keyId: keyId('k'),
  displayId: 'key-8a3b9c2d',
  workspaceId: workspaceId('w'),
  userId: userId('u'),
  name: 'admin',
  scopes: ['admin:full'],
  scopesAsSent: ['admin'],
  scopeSetIds: [],
  tags: [],
  importedPrefix: null,
  allowedIps: [],
  assets: 'all',
  plan: 'unlimited',
  expiresAt: null,
  createdAt: now,
  secrets: [current],
  lastSecretNumber: 2,
  rotation: null,
  expiredAt: null,
  remindedDays: [],
  ...overrides,
});
const revoked: KeyState = { ...admin(), status: 'Revoked', revokedAt: now, secrets: [] };
const suspended: KeyState = { ...admin(), status: 'Suspended', suspendedAt: now, suspendedBy: null };
const office = ['203.0.113.0/24'];

describe('an admin key', () => {
  it.each<[string, boolean, KeyState]>([
    ['with the admin scope', true, admin()],
    ['with other scopes', false, admin({ scopes: ['apikeys:write'] })],
    ['expired', false, admin({ expiresAt: now })],
    ['with no secret that lives', false, admin({ secrets: [{ ...inGrace, graceUntil: now }] })],
    ['revoked', false, revoked],
    ['suspended', false, suspended],
    ['that there is not', false, { status: 'None' }],
  ])('%s: %p', (_what, expected, key) => expect(administers(key, now)).toBe(expected));

  it.each<[string, boolean, ActiveKey, KeyState]>([
    ['a revocation', true, admin(), revoked],
    ['a suspension', true, admin(), suspended],
    ['a list of assets', true, admin(), admin({ assets: ['a.example'] })],
    ['an earlier end', true, admin(), admin({ expiresAt: at(5) })],
    ['the loss of the admin scope', true, admin(), admin({ scopes: ['alerts:read'] })],
    ['a list of addresses', true, admin(), admin({ allowedIps: office })],
    ['a shorter list', true, admin({ allowedIps: office }), admin({ allowedIps: ['203.0.113.7'] })],
    ['the end of its current secret', true, admin({ secrets: [inGrace, current] }), admin({ secrets: [inGrace] })],
    ['the end of its old secret', false, admin({ secrets: [inGrace, current] }), admin({ secrets: [current] })],
    ['a rotation', false, admin(), admin({ secrets: [{ ...current, number: 3 }] })],
    ['a longer list', false, admin({ allowedIps: office }), admin({ allowedIps: [...office, '::1'] })],
    ['another name or plan', false, admin(), admin({ name: 'x', plan: 'starter' })],
    ['the revocation of one that has expired', false, admin({ expiresAt: now }), revoked],
    ['the revocation of another kind of key', false, admin({ scopes: ['apikeys:write'] }), revoked],
  ])('is lessened by %s: %p', (_what, expected, before, after) =>
    expect(lessensAdmin(before, after, now)).toBe(expected),
  );

  it.each<[string, boolean, Partial<ActiveKey>, Partial<ActiveKey>]>([
    ['an equal one', true, {}, {}],
    ['one that reaches further', true, { allowedIps: [], expiresAt: null }, { allowedIps: office, expiresAt: at(5) }],
    ['one tied to an address', false, { allowedIps: office }, {}],
    ['one tied to an asset', false, { assets: ['a.example'] }, {}],
    ['one that ends sooner', false, { expiresAt: at(5) }, {}],
    ['one whose last secret ends soon', false, { secrets: [inGrace] }, {}],
    [
      'the one in use, wherever it may be used',
      true,
      { keyId: keyId('used'), allowedIps: office, expiresAt: at(5) },
      {},
    ],
    ['the one in use, if that is no admin', false, { keyId: keyId('used'), scopes: ['apikeys:write'] }, {}],
  ])('%s stands in for it: %p', (_what, expected, other, lessened) =>
    expect(standsIn(admin({ keyId: keyId('other'), ...other }), admin(lessened), 'used', now)).toBe(expected),
  );
});
