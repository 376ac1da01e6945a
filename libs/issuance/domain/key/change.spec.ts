import { isAppError } from '@latchkey/kernel';
import type { KeyEvent } from '@latchkey/contracts';
import type { Grantor, KeyChanges } from './commands';
import { decide } from './decide';
import { evolve, initialKey } from './key';
import {
  another,
  at,
  by,
  change,
  created,
  givenKey,
  grant,
  iso,
  revoked,
  SET,
  suspended,
  updated,
} from '../../testing/key-history';

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
    ['a scope set', { scopeSetIds: [SET] }],
    ['a longer life', { expiresAt: null }],
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

  it('what it is found and narrowed by, and its end, are changed as its other fields are', () =>
    givenKey(created)
      .when(change({ assets: ['a.example'], scopeSetIds: [SET], tags: ['ci'], expiresAt: at(500) }))
      .then([
        updated({ changed: 'assets', assets: ['a.example'] }),
        updated({ changed: 'scope_sets', scopeSetIds: [SET] }),
        updated({ changed: 'tags', tags: ['ci'] }),
        updated({ changed: 'expires_at', expiresAt: iso(500) }),
      ]));

  it('to these as they are is no change', () =>
    givenKey(created, updated({ changed: 'tags', tags: ['ci'] }))
      .when(change({ assets: 'all', scopeSetIds: [], tags: ['ci'], expiresAt: at(1_000) }))
      .then([]));

  it('nobody gives it an end that is over', () =>
    givenKey(created)
      .when(change({ expiresAt: at(1) }))
      .thenThrows('key.expiry_in_past'));

  it.each<[string, KeyChanges, Grantor]>([
    ['a longer life than theirs', { expiresAt: at(3_000) }, by({ expiresAt: at(2_000) })],
    ['an endless life', { expiresAt: null }, by({ expiresAt: at(2_000) })],
    ['a scope set that holds more than they have', { scopeSetIds: [SET] }, by({ scopes: grant.scopes })],
    [
      'more than they have, by another field than the scope set',
      { plan: 'professional' },
      by({ scopes: grant.scopes }),
    ],
  ])('nobody gives it %s', (_what, changes, grantor) =>
    givenKey(created, ...('plan' in changes ? [updated({ changed: 'scope_sets', scopeSetIds: [SET] })] : []))
      .when(change(changes, grantor))
      .thenThrows('key.exceeds_grantor'),
  );

  it('a set that came to the key after its sets were looked up is a lost race', () =>
    givenKey(created, updated({ changed: 'scope_sets', scopeSetIds: ['set-2'] }))
      .when(change({ plan: 'professional' }))
      .thenThrows('stream.version_conflict'));

  it('whoever has less may take a scope set away, shorten its life, and tag it', () =>
    givenKey(created, updated({ changed: 'scope_sets', scopeSetIds: [SET] }))
      .when(change({ scopeSetIds: [], tags: ['old'], expiresAt: at(2) }, by({ scopes: [] }, false, 'another')))
      .then([
        updated({ changed: 'scope_sets', scopeSetIds: [] }),
        updated({ changed: 'tags', tags: ['old'] }),
        updated({ changed: 'expires_at', expiresAt: iso(2) }),
      ]));

  it('a key that is suspended is narrowed, but not made stronger', () => {
    givenKey(created, suspended(1))
      .when(change({ name: 'SOAR', allowedIps: ['203.0.113.7'] }))
      .then([
        updated({ changed: 'name', name: 'SOAR' }),
        updated({ changed: 'allowed_ips', allowedIps: ['203.0.113.7'] }),
      ]);
    givenKey(created, suspended(1))
      .when(change({ plan: 'professional' }))
      .thenThrows('key.suspended');
  });

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
