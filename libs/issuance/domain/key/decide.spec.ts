import { isAppError, keyId, userId, workspaceId } from '@latchkey/kernel';
import { profileByName, type Grant, type Profile } from '@latchkey/access';
import type { KeyEvent, KeyUpdated } from '@latchkey/contracts';
import { given } from '@latchkey/testing';
import type { CreateKey, Grantor, KeyChanges, KeyCommand, RotateKey } from './commands';
import { decide } from './decide';
import { evolve, initialKey } from './key';

const KEY = '01900000-0000-7000-8000-000000000001';
const HOUR_MS = 3_600_000;
const at = (hours: number) => new Date(Date.UTC(2026, 3, 28, 12) + hours * HOUR_MS);
const iso = (hours: number) => at(hours).toISOString();
const start = at(0);

const shield = profileByName('zshield') as Profile;
const everything: Grant = { scopes: ['admin:full'], plan: 'unlimited', assets: 'all', allowedIps: [], expiresAt: null };
const by = (grant: Partial<Grant> = {}, ofOwner = true, user = 'u'): Grantor => ({
  kind: 'credential',
  userId: userId(user),
  profile: shield,
  grant: { ...everything, ...grant },
  ofOwner,
});

const grant: Grant = {
  scopes: ['alerts:read', 'assets:read'],
  plan: 'starter',
  assets: 'all',
  allowedIps: [],
  expiresAt: at(1_000),
};
const create = (overrides: Partial<CreateKey> = {}): CreateKey => ({
  type: 'CreateKey',
  keyId: keyId(KEY),
  displayId: 'key-8a3b9c2d',
  workspaceId: workspaceId('w'),
  userId: userId('u'),
  name: 'SOAR Integration',
  grant,
  scopesAsSent: grant.scopes,
  grantor: by(),
  now: start,
  ...overrides,
});
const change = (changes: KeyChanges, grantor = by(), now = at(1)): KeyCommand => ({
  type: 'ChangeKey',
  changes,
  grantor,
  now,
});
const rotate = (overrides: Partial<RotateKey> = {}): KeyCommand => ({
  type: 'RotateKey',
  replaces: 1,
  lost: false,
  gracePeriodMs: 48 * HOUR_MS,
  grantor: by(),
  now: at(1),
  ...overrides,
});
const revoke: KeyCommand = { type: 'RevokeKey', reason: 'requested', now: at(2) };
const revokeSecret = (secretNumber: number, now = at(2)): KeyCommand => ({
  type: 'RevokeSecret',
  secretNumber,
  reason: 'requested',
  now,
});

const created: KeyEvent = {
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
const rotated = (from: number, to: number, rotatedAt: number, graceUntil: number): KeyEvent => ({
  type: 'latchkey.key.rotated.v1',
  data: {
    oldSecretId: `${KEY}.${from}`,
    newSecretId: `${KEY}.${to}`,
    gracePeriodSeconds: (graceUntil - rotatedAt) * 3_600,
    graceUntil: iso(graceUntil),
    rotatedAt: iso(rotatedAt),
  },
});
const updated = (data: KeyUpdated['data']): KeyEvent => ({ type: 'latchkey.key.updated.v1', data });
const revoked = (hours: number): KeyEvent => ({
  type: 'latchkey.key.revoked.v1',
  data: { reason: 'requested', revokedAt: iso(hours) },
});
const secretRevoked = (number: number): KeyEvent => ({
  type: 'latchkey.key.secret_revoked.v1',
  data: { secretId: `${KEY}.${number}`, revokedAt: iso(2) },
});

const decider = { initialState: initialKey, decide, evolve };
const givenKey = (...events: KeyEvent[]) => given(decider, events);

describe('creating a key', () => {
  it('records what was granted, and its first secret', () => givenKey().when(create()).then([created]));

  it('is refused for an id that is taken', () => givenKey(created).when(create()).thenThrows('stream.exists'));

  it.each([
    ['now', 0],
    ['in the past', -1],
  ])('is refused when the expiry is %s', (_when, hours) =>
    givenKey()
      .when(create({ grant: { ...grant, expiresAt: at(hours) } }))
      .thenThrows('key.expiry_in_past'),
  );

  it.each<[string, Partial<Grant>, Grantor]>([
    ['a scope', {}, by({ scopes: ['alerts:read', 'alerts:write'] })],
    ['a read scope that write does not include (C3)', {}, by({ scopes: ['alerts:write', 'assets:write'] })],
    ['a plan', { plan: 'enterprise' }, by({ plan: 'professional' })],
    ['the plan unlimited, as no owner (C23)', { plan: 'unlimited' }, by({}, false)],
    ['an asset', { assets: ['b.example'] }, by({ assets: ['a.example'] })],
    ['all assets', {}, by({ assets: ['a.example'] })],
    ['an address', { allowedIps: ['10.0.0.0/7'] }, by({ allowedIps: ['10.0.0.0/8'] })],
    ['any address', {}, by({ allowedIps: ['10.0.0.0/8'] })],
    ['a longer life', {}, by({ expiresAt: at(999) })],
    ['an endless life', { expiresAt: null }, by({ expiresAt: at(2_000) })],
  ])('nobody grants beyond their own: %s', (_what, wanted, grantor) =>
    givenKey()
      .when(create({ grant: { ...grant, ...wanted }, grantor }))
      .thenThrows('key.exceeds_grantor'),
  );

  it('an owner may grant the plan unlimited', () =>
    expect(decide(create({ grant: { ...grant, plan: 'unlimited' } }), initialKey)).toHaveLength(1));

  it('the first start has nobody above it', () =>
    expect(decide(create({ grant: everything, grantor: { kind: 'installation' } }), initialKey)).toHaveLength(1));
});

/** Who can do everything, and is another user than the key's. */
const another = by({}, true, 'another');

describe('changing a key', () => {
  it('records one event per field that is different', () =>
    givenKey(created)
      .when(change({ name: 'SOAR', allowedIps: ['203.0.113.0/24'], plan: 'starter' }))
      .then([
        { type: 'latchkey.key.updated.v1', data: { changed: 'name', name: 'SOAR' } },
        { type: 'latchkey.key.updated.v1', data: { changed: 'allowed_ips', allowedIps: ['203.0.113.0/24'] } },
      ]));

  it('to what it is already is no change', () =>
    givenKey(created)
      .when(
        change({
          name: 'SOAR Integration',
          scopes: { canonical: grant.scopes, asSent: grant.scopes },
          allowedIps: [],
          plan: 'starter',
        }),
      )
      .then([]));

  describe('whoever widens a field must have all that the key would have, or is told what is beyond', () => {
    const scopes = (...canonical: string[]) => ({ scopes: { canonical, asSent: canonical } });
    const fenced = updated({ changed: 'allowed_ips', allowedIps: ['203.0.113.7'] });
    const beyond = (history: readonly KeyEvent[], changes: KeyChanges, grantor: Grantor) => {
      try {
        return decide(change(changes, grantor), history.reduce(evolve, initialKey));
      } catch (error) {
        return isAppError(error, 'key.exceeds_grantor') ? error.field : error;
      }
    };

    it.each<[string, readonly KeyEvent[], KeyChanges, Grantor, string]>([
      ['a scope that the caller has not', [created], scopes('rules:write'), by({ scopes: ['alerts:read'] }), 'scopes'],
      [
        'a scope of the caller, for longer than the caller lives',
        [created],
        scopes('assets:write'),
        by({ scopes: ['assets:write'], expiresAt: at(2) }),
        'expires_at',
      ],
      [
        'a scope of the caller, from addresses that are not the caller’s',
        [created],
        scopes('assets:write'),
        by({ scopes: ['assets:write'], allowedIps: ['127.0.0.1'] }),
        'allowed_ips',
      ],
      [
        'a scope of the caller, for assets that are not the caller’s',
        [created],
        scopes('assets:write'),
        by({ scopes: ['assets:write'], assets: ['a.example'] }),
        'assets',
      ],
      ['the addresses of a stronger key', [created, fenced], { allowedIps: [] }, by({ scopes: [] }), 'scopes'],
      ['a part of its addresses', [created, fenced], { allowedIps: ['203.0.113.0/24'] }, by({ scopes: [] }), 'scopes'],
      ['the plan of a stronger key', [created], { plan: 'professional' }, by({ scopes: ['alerts:read'] }), 'scopes'],
      [
        'the plan of a key that outlives it',
        [created],
        { plan: 'professional' },
        by({ expiresAt: at(2) }),
        'expires_at',
      ],
      ['a plan that the caller has not', [created], { plan: 'enterprise' }, by({ plan: 'professional' }), 'plan'],
      [
        'one field, though it narrows another',
        [created, fenced],
        { allowedIps: [], scopes: scopes('alerts:read').scopes },
        by({ scopes: ['rules:read'] }),
        'scopes',
      ],
    ])('%s', (_what, history, changes, grantor, field) => expect(beyond(history, changes, grantor)).toBe(field));

    it('and then may', () =>
      expect(beyond([created, fenced], { allowedIps: [] }, by({ scopes: grant.scopes, plan: 'starter' }))).toHaveLength(
        1,
      ));
  });

  it.each<[string, KeyChanges]>([
    ['a scope', { scopes: { canonical: ['admin:full'], asSent: ['admin:full'] } }],
    ['a plan', { plan: 'professional' }],
    ['an address', { allowedIps: [] }],
  ])('nobody makes another user’s key stronger, whatever they have: by %s', (_what, changes) =>
    givenKey(created, updated({ changed: 'allowed_ips', allowedIps: ['203.0.113.7'] }))
      .when(change(changes, another))
      .thenThrows('auth.forbidden'),
  );

  it('another user’s key may be narrowed and renamed', () =>
    givenKey(created)
      .when(change({ name: 'SOAR', allowedIps: ['203.0.113.7'] }, another))
      .then([
        updated({ changed: 'name', name: 'SOAR' }),
        updated({ changed: 'allowed_ips', allowedIps: ['203.0.113.7'] }),
      ]));

  it('a caller with less may narrow or rename it, and say again what it is', () =>
    givenKey(created)
      .when(
        change(
          {
            name: 'SOAR',
            scopes: { canonical: ['alerts:read'], asSent: ['alerts:read'] },
            allowedIps: ['10.1.0.0/16'],
            plan: 'starter',
          },
          by({ scopes: [], allowedIps: ['127.0.0.1'], expiresAt: at(2) }),
        ),
      )
      .then([
        updated({ changed: 'name', name: 'SOAR' }),
        updated({ changed: 'scopes', scopes: ['alerts:read'], scopesAsSent: ['alerts:read'] }),
        updated({ changed: 'allowed_ips', allowedIps: ['10.1.0.0/16'] }),
      ]));

  it('is refused for one that is not there, has expired or is revoked', () => {
    givenKey()
      .when(change({ name: 'x' }))
      .thenThrows('key.not_found');
    givenKey(created)
      .when(change({ name: 'x' }, by(), at(1_000)))
      .thenThrows('key.expired');
    givenKey(created, revoked(1))
      .when(change({ name: 'x' }))
      .thenThrows('key.already_revoked');
  });
});

describe('rotating a key', () => {
  it('brings in the next secret, and the old one passes until the grace period ends (S3-10)', () =>
    givenKey(created)
      .when(rotate())
      .then([rotated(1, 2, 1, 49)]));

  it('with grace 0 the old secret has ended already (C8)', () => {
    const events = [created, rotated(1, 2, 1, 1)];
    givenKey(created)
      .when(rotate({ gracePeriodMs: 0 }))
      .then(events.slice(1));
    expect(events.reduce(evolve, initialKey)).toMatchObject({ secrets: [{ number: 2, graceUntil: null }] });
  });

  it('again inside a grace period ends the oldest: at most two are live', () =>
    givenKey(created, rotated(1, 2, 1, 49))
      .when(rotate({ replaces: 2, now: at(2) }))
      .then([
        { type: 'latchkey.key.grace_ended.v1', data: { secretId: `${KEY}.1`, endedAt: iso(2) } },
        rotated(2, 3, 2, 50),
      ]));

  describe('again, when the last reply was lost, costs nobody a secret (C31)', () => {
    const lost = [created, rotated(1, 2, 1, 49)];
    const again = (overrides: Partial<RotateKey> = {}) =>
      rotate({ replaces: 2, lost: true, gracePeriodMs: 24 * HOUR_MS, now: at(2), ...overrides });

    it('the first one keeps its grace period, and the lost one has ended', () => {
      givenKey(...lost)
        .when(again())
        .then([rotated(2, 3, 2, 2)]);
      expect([...lost, rotated(2, 3, 2, 2)].reduce(evolve, initialKey)).toMatchObject({
        secrets: [
          { number: 1, graceUntil: at(49) },
          { number: 3, graceUntil: null },
        ],
      });
    });

    it('however often', () =>
      givenKey(...lost, rotated(2, 3, 2, 2))
        .when(again({ replaces: 3, now: at(3) }))
        .then([rotated(3, 4, 3, 3)]));

    it('the first secret of a key, when that was lost, has ended', () =>
      givenKey(created)
        .when(rotate({ lost: true }))
        .then([rotated(1, 2, 1, 1)]));

    it('with grace 0 nothing older passes (C8)', () =>
      givenKey(...lost)
        .when(again({ gracePeriodMs: 0 }))
        .then([
          { type: 'latchkey.key.grace_ended.v1', data: { secretId: `${KEY}.1`, endedAt: iso(2) } },
          rotated(2, 3, 2, 2),
        ]));

    it('a lost one that was revoked is not the one that is replaced', () =>
      givenKey(...lost, secretRevoked(2))
        .when(again({ now: at(3) }))
        .then([rotated(1, 3, 3, 27)]));
  });

  it('does not lengthen a grace period that runs', () =>
    givenKey(created, rotated(1, 2, 1, 10), secretRevoked(2))
      .when(rotate({ replaces: 2, now: at(3) }))
      .then([rotated(1, 3, 3, 10)]));

  it('a number is never used again', () => {
    const events = [created, rotated(1, 2, 1, 10), secretRevoked(2), rotated(1, 3, 3, 10)];
    expect(events.reduce(evolve, initialKey)).toMatchObject({ secrets: [{ number: 1 }, { number: 3 }] });
  });

  it('of several at once one wins', () =>
    givenKey(created, rotated(1, 2, 1, 49))
      .when(rotate({ replaces: 1 }))
      .thenThrows('stream.version_conflict'));

  it('hands nobody a secret that stands for another user, whatever they have', () =>
    givenKey(created)
      .when(rotate({ grantor: another }))
      .thenThrows('auth.forbidden'));

  it('hands nobody a secret that can do more than they can', () =>
    givenKey(created)
      .when(rotate({ grantor: by({ scopes: ['alerts:read'] }) }))
      .thenThrows('key.exceeds_grantor'));

  it('is refused for one that is not there, has expired or is revoked', () => {
    givenKey().when(rotate()).thenThrows('key.not_found');
    givenKey(created)
      .when(rotate({ now: at(1_000) }))
      .thenThrows('key.expired');
    givenKey(created, revoked(1)).when(rotate()).thenThrows('key.already_revoked');
  });
});

describe('revoking', () => {
  it('ends the key', () =>
    givenKey(created)
      .when(revoke)
      .then([revoked(2)]));

  it('a revoked key stays revoked when revoked twice', () => givenKey(created, revoked(1)).when(revoke).then([]));

  it('is refused for a key that is not there', () => givenKey().when(revoke).thenThrows('key.not_found'));

  it('an expired key can still be revoked', () =>
    givenKey(created)
      .when({ type: 'RevokeKey', reason: 'requested', now: at(2_000) })
      .then([revoked(2_000)]));

  it('of one secret leaves the other (C29)', () => {
    givenKey(created, rotated(1, 2, 1, 49))
      .when(revokeSecret(1))
      .then([secretRevoked(1)]);
    givenKey(created, rotated(1, 2, 1, 49))
      .when(revokeSecret(2))
      .then([secretRevoked(2)]);
  });

  it('of the last live secret revokes the key', () => {
    givenKey(created)
      .when(revokeSecret(1))
      .then([revoked(2)]);
    givenKey(created, rotated(1, 2, 0, 1))
      .when(revokeSecret(2))
      .then([revoked(2)]);
  });

  it('of a secret that has ended changes nothing, and of one that never was is refused', () => {
    givenKey(created, rotated(1, 2, 0, 1))
      .when(revokeSecret(1))
      .then([]);
    givenKey(created).when(revokeSecret(2)).thenThrows('key.not_found');
  });
});
