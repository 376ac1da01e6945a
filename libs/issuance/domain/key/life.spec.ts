import type { Grant } from '@latchkey/access';
import type { KeyEvent } from '@latchkey/contracts';
import type { Grantor, KeyCommand } from './commands';
import { decide } from './decide';
import { evolve, initialKey } from './key';
import {
  another,
  at,
  by,
  create,
  created,
  everything,
  givenKey,
  grant,
  iso,
  KEY,
  resume,
  resumed,
  revoke,
  revoked,
  revokeSecret,
  rotated,
  secretRevoked,
  SET,
  sets,
  suspend,
  suspended,
  updated,
} from '../../testing/key-history';

/** As it was recorded before it was told who does it. */
const suspendedUnsigned: KeyEvent = {
  type: 'latchkey.key.suspended.v1',
  data: { reason: 'requested', suspendedAt: iso(1) },
};

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

describe('what a key has besides', () => {
  it('its scope sets, its tags and its origin elsewhere are recorded with it', () =>
    givenKey()
      .when(create({ scopeSetIds: [SET], setScopes: sets, tags: ['ci'], imported: { prefix: 'acme_live_' } }))
      .then([
        {
          ...created,
          data: { ...created.data, scopeSetIds: [SET], tags: ['ci'], imported: { prefix: 'acme_live_' } },
        } as KeyEvent,
      ]));

  it('nobody grants a scope set that holds more than they have', () =>
    givenKey()
      .when(create({ scopeSetIds: [SET], setScopes: sets, grantor: by({ scopes: grant.scopes }) }))
      .thenThrows('key.exceeds_grantor'));
});

describe('suspending', () => {
  it('stops the key', () =>
    givenKey(created)
      .when(suspend())
      .then([suspended(2)]));

  it('twice is no second event, whoever does it: it stays on record who was first', () => {
    for (const first of [suspended(1), suspended(1, 'another'), suspendedUnsigned])
      for (const user of ['u', 'another']) givenKey(created, first).when(suspend(user)).then([]);
  });

  it('is refused for a key that is not there, has expired or is revoked', () => {
    givenKey().when(suspend()).thenThrows('key.not_found');
    givenKey(created, revoked(1)).when(suspend()).thenThrows('key.already_revoked');
    givenKey(created)
      .when(suspend('u', at(1_000)))
      .thenThrows('key.expired');
  });

  it('does not keep a key from being revoked', () =>
    givenKey(created, suspended(1))
      .when(revoke)
      .then([revoked(2)]));
});

describe('resuming', () => {
  /** Its own user, who may change their own keys alone. */
  const member = () => resume(by({}, false), at(3), false);

  it('gives the key back what it had', () => {
    givenKey(created, suspended(2))
      .when(resume())
      .then([resumed(3)]);
    const before = evolve(initialKey, created);
    expect([suspended(2), resumed(3)].reduce(evolve, before)).toEqual(before);
  });

  it('of a key that is active is no event', () => givenKey(created).when(resume(another)).then([]));

  it('needs all that the key has, whoever has suspended it', () => {
    const few = { scopes: ['alerts:read'] };
    givenKey(created, suspended(2))
      .when(resume(by(few)))
      .thenThrows('key.exceeds_grantor');
    givenKey(created, suspended(2, 'another'))
      .when(resume(by(few, true, 'a third')))
      .thenThrows('key.exceeds_grantor');
    givenKey(created, updated({ changed: 'scope_sets', scopeSetIds: [SET] }), suspended(2))
      .when(resume(by({ scopes: grant.scopes })))
      .thenThrows('key.exceeds_grantor');
  });

  it('of what its own user has suspended is theirs alone, whatever others have', () => {
    givenKey(created, suspended(2)).when(resume(another)).thenThrows('auth.forbidden');
    givenKey(created, suspended(2))
      .when(member())
      .then([resumed(3)]);
  });

  it('of what nobody is on record for is its own user’s alone', () => {
    givenKey(created, suspendedUnsigned).when(resume(another)).thenThrows('auth.forbidden');
    givenKey(created, suspendedUnsigned)
      .when(member())
      .then([resumed(3)]);
  });

  it('of what somebody else has suspended is for whoever may change all keys, its own user among them', () => {
    for (const grantor of [another, by({}, true, 'a third'), by()])
      givenKey(created, suspended(2, 'another'))
        .when(resume(grantor))
        .then([resumed(3)]);
    givenKey(created, suspended(2, 'another')).when(member()).thenThrows('auth.forbidden');
  });

  it('brings back no key that has ended', () => {
    givenKey(created, suspended(2), revoked(2)).when(resume()).thenThrows('key.already_revoked');
    givenKey(created, suspended(2))
      .when(resume(by(), at(1_000)))
      .thenThrows('key.expired');
  });
});

describe('the expiry', () => {
  const expire = (hours: number): KeyCommand => ({ type: 'ExpireKey', now: at(hours) });
  const expired: KeyEvent = { type: 'latchkey.key.expired.v1', data: { expiredAt: iso(1_000) } };

  it('is recorded as it was configured, however late', () => givenKey(created).when(expire(1_234)).then([expired]));

  it.each<[string, readonly KeyEvent[], number]>([
    ['before it', [created], 999],
    ['twice', [created, expired], 1_001],
    ['of a key that was revoked', [created, revoked(2)], 1_001],
    ['of a key that has none', [created, updated({ changed: 'expires_at', expiresAt: null })], 1_001],
  ])('is not recorded %s', (_when, history, hours) =>
    givenKey(...history)
      .when(expire(hours))
      .then([]),
  );
});

describe('a reminder of the expiry', () => {
  const remind = (daysBefore: 30 | 14 | 7, hours: number): KeyCommand => ({
    ...{ type: 'RemindOfExpiry', daysBefore, now: at(hours) },
  });
  const reminder = (daysBefore: 30 | 14 | 7, expiresAt = 1_000): KeyEvent => ({
    type: 'latchkey.key.expiry_reminder_sent.v1',
    data: { name: 'SOAR Integration', userId: 'u', daysBefore, expiresAt: iso(expiresAt) },
  });
  const moved = updated({ changed: 'expires_at', expiresAt: iso(2_000) });

  it('is sent from its day on, with the expiry', () =>
    givenKey(created)
      .when(remind(30, 280))
      .then([reminder(30)]));

  it('is sent again when the expiry was moved', () =>
    givenKey(created, reminder(30), moved)
      .when(remind(30, 1_280))
      .then([reminder(30, 2_000)]));

  it.each<[string, readonly KeyEvent[], KeyCommand]>([
    ['before its day', [created], remind(14, 663)],
    ['twice', [created, reminder(30)], remind(30, 281)],
    ['after one that is nearer to the end', [created, reminder(14)], remind(30, 700)],
    ['when the key has expired', [created], remind(7, 1_000)],
    ['when the key was revoked', [created, revoked(2)], remind(7, 990)],
    [
      'of a day before the key was made',
      [{ ...created, data: { ...created.data, createdAt: iso(300) } } as KeyEvent],
      remind(30, 301),
    ],
  ])('is not sent %s', (_when, history, command) =>
    givenKey(...history)
      .when(command)
      .then([]),
  );
});

describe('a report that a secret has leaked', () => {
  const report = (policy: 'notify' | 'rotate' | 'revoke', secretNumber = 1): KeyCommand => ({
    ...{ type: 'ReportLeak', secretNumber, source: 'commit', url: 'https://code.example/a', policy, now: at(2) },
  });
  const reported = (policy: 'notify' | 'rotate' | 'revoke'): KeyEvent => ({
    type: 'latchkey.key.leak_reported.v1',
    data: {
      ...{ name: 'SOAR Integration', userId: 'u', secretId: `${KEY}.1`, source: 'commit' },
      ...{ url: 'https://code.example/a', policy, reportedAt: iso(2) },
    },
  });

  it('is recorded, and the key goes on where the policy has it so', () =>
    givenKey(created)
      .when(report('notify'))
      .then([reported('notify')]));

  it('ends the key with it where the policy has it so', () =>
    givenKey(created)
      .when(report('revoke'))
      .then([reported('revoke'), revoked(2, 'leaked')]));

  it('ends the secret that has leaked alone where the key has another one', () =>
    givenKey(created, rotated(1, 2, 1, 49))
      .when(report('revoke'))
      .then([reported('revoke'), secretRevoked(1)]));

  it('is recorded of a key that has ended, and not of a secret that never was', () => {
    givenKey(created, revoked(1))
      .when(report('revoke'))
      .then([reported('revoke')]);
    givenKey(created).when(report('notify', 2)).thenThrows('key.not_found');
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
