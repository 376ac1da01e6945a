import { profileByName, type Grant, type Profile } from '@latchkey/access';
import type { ClientEvent, ClientRegistered, ClientUpdated } from '@latchkey/contracts';
import { clientId, userId, workspaceId, type ErrorCode } from '@latchkey/kernel';
import { given } from '@latchkey/testing';
import { evolve, initialClient, type ClientState, type PublicJwk } from './client';
import type { ClientChanges, ClientCommand, Grantor, RegisterClient, RotateClientSecret } from './commands';
import { decide, REVOKED_TOKENS_MAX } from './decide';

const CLIENT = '01900000-0000-7000-8000-0000000000c1';
const HOUR_MS = 3_600_000;
const at = (hours: number) => new Date(Date.UTC(2026, 3, 28, 12) + hours * HOUR_MS);
const iso = (hours: number) => at(hours).toISOString();

const s4e = profileByName('s4e') as Profile;
const everything: Grant = { scopes: ['admin:full'], plan: 'unlimited', assets: 'all', allowedIps: [], expiresAt: null };
const by = (grant: Partial<Grant> = {}, user = 'u', ofOwner = true): Grantor => ({
  userId: userId(user),
  profile: s4e,
  grant: { ...everything, ...grant },
  ofOwner,
  setScopes: new Map([
    ['s', ['reports:read']],
    ['wide', ['users:write']],
    ['deleted', []],
  ]),
});
const another = by({}, 'another');

const KEY: PublicJwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
const OTHER_KEY: PublicJwk = { ...KEY, x: 'z' };

const register = (overrides: Partial<RegisterClient> = {}): ClientCommand => ({
  type: 'RegisterClient',
  ...{ clientId: clientId(CLIENT), workspaceId: workspaceId('w'), userId: userId('u'), name: 'Nightly import' },
  grant: { scopes: ['assets:read', 'scans:write'], plan: 'standard', assets: 'all', allowedIps: [] },
  ...{ scopesAsSent: ['assets:read', 'scans:write'], scopeSetIds: [] },
  ...{ tokenLifetimeSeconds: 3_600, authentication: 'client_secret', publicKeys: [], grantor: by(), now: at(0) },
  ...overrides,
});
const change = (changes: ClientChanges, grantor = by()): ClientCommand => ({
  type: 'ChangeClient',
  ...{ changes, grantor, now: at(1) },
});
const rotate = (overrides: Partial<RotateClientSecret> = {}): ClientCommand => ({
  type: 'RotateClientSecret',
  ...{ replaces: 1, lost: false, gracePeriodMs: 24 * HOUR_MS, grantor: by(), now: at(1) },
  ...overrides,
});
const suspend: ClientCommand = { type: 'SuspendClient', reason: 'requested', now: at(1) };
const resume = (grantor = by()): ClientCommand => ({ type: 'ResumeClient', grantor, now: at(2) });
const endTokens: ClientCommand = { type: 'EndTokens', reason: 'requested', now: at(1) };
const remove: ClientCommand = { type: 'DeleteClient', reason: 'requested', now: at(3) };
const revoke = (jti: string, hours: number, expiresAt = hours + 1): ClientCommand => ({
  type: 'RevokeAccessToken',
  ...{ jti, expiresAt: at(expiresAt), now: at(hours) },
});

const registered = (data: Partial<ClientRegistered['data']> = {}): ClientEvent => ({
  type: 'latchkey.client.registered.v1',
  data: {
    ...{ clientId: CLIENT, workspaceId: 'w', userId: 'u', name: 'Nightly import' },
    ...{ scopes: ['assets:read', 'scans:write'], scopesAsSent: ['assets:read', 'scans:write'] },
    ...{ allowedIps: [], assets: 'all', plan: 'standard', tokenLifetimeSeconds: 3_600 },
    ...{ authentication: 'client_secret', publicKeys: [], secretId: `${CLIENT}.1`, registeredAt: iso(0) },
    ...data,
  },
});
const withKeys = registered({ authentication: 'private_key_jwt', publicKeys: [KEY], secretId: null });
const rotated = (from: number, to: number, rotatedAt: number, graceUntil: number): ClientEvent => ({
  type: 'latchkey.client.secret_rotated.v1',
  data: {
    ...{ oldSecretId: `${CLIENT}.${from}`, newSecretId: `${CLIENT}.${to}` },
    gracePeriodSeconds: (graceUntil - rotatedAt) * 3_600,
    ...{ graceUntil: iso(graceUntil), rotatedAt: iso(rotatedAt) },
  },
});
const graceEnded = (number: number, hours: number): ClientEvent => ({
  type: 'latchkey.client.grace_ended.v1',
  data: { secretId: `${CLIENT}.${number}`, endedAt: iso(hours) },
});
const updated = (data: ClientUpdated['data']): ClientEvent => ({ type: 'latchkey.client.updated.v1', data });
const suspended: ClientEvent = {
  type: 'latchkey.client.suspended.v1',
  data: { reason: 'requested', suspendedAt: iso(1) },
};
const resumed: ClientEvent = { type: 'latchkey.client.resumed.v1', data: { resumedAt: iso(2) } };
const tokensEnded = (generation: number, reason = 'requested', hours = 1): ClientEvent => ({
  type: 'latchkey.client.tokens_ended.v1',
  data: { generation, reason, endedAt: iso(hours) },
});
const deleted: ClientEvent = { type: 'latchkey.client.deleted.v1', data: { reason: 'requested', deletedAt: iso(3) } };
const revoked = (jti: string, hours: number, expiresAt = hours + 1): ClientEvent => ({
  type: 'latchkey.access_token.revoked.v1',
  data: { jti, expiresAt: iso(expiresAt), revokedAt: iso(hours) },
});

const givenClient = (...events: ClientEvent[]) =>
  given<ClientState, ClientCommand, ClientEvent>({ initialState: initialClient, decide, evolve }, events);
const stateOf = (...events: ClientEvent[]) => events.reduce(evolve, initialClient);

describe('registering a client', () => {
  it('records what was granted, and its first secret', () => givenClient().when(register()).then([registered()]));

  it('with public keys gives it no secret', () =>
    givenClient()
      .when(register({ authentication: 'private_key_jwt', publicKeys: [KEY] }))
      .then([withKeys]));

  it('is refused for an id that is taken', () =>
    givenClient(registered()).when(register()).thenThrows('stream.exists'));

  it.each<[string, Grantor]>([
    ['a scope', by({ scopes: ['assets:read'] })],
    ['a plan', by({ plan: 'starter' })],
    ['all assets', by({ assets: ['a.example'] })],
    ['any address', by({ allowedIps: ['10.0.0.0/8'] })],
    ['that it never ends', by({ expiresAt: at(1_000) })],
  ])('is refused when its maker lacks %s (C18)', (_what, grantor) =>
    givenClient().when(register({ grantor })).thenThrows('client.exceeds_grantor'),
  );

  it('with the plan unlimited is an owner’s (C23)', () =>
    givenClient()
      .when(
        register({
          grant: { scopes: ['assets:read'], plan: 'unlimited', assets: 'all', allowedIps: [] },
          grantor: by({}, 'u', false),
        }),
      )
      .thenThrows('client.exceeds_grantor'));
});

describe('scope sets of a client (S4-13)', () => {
  const carrying = (...scopeSetIds: string[]) => registered({ scopeSetIds });
  const updated = (...scopeSetIds: string[]): ClientEvent => ({
    type: 'latchkey.client.updated.v1',
    data: { changed: 'scope_sets', scopeSetIds },
  });
  const reader = by({ scopes: ['assets:read', 'scans:write', 'reports:read'] });

  it('come with it, and are changed as a whole', () => {
    givenClient()
      .when(register({ scopeSetIds: ['s'], grantor: reader }))
      .then([carrying('s')]);
    givenClient(carrying('s'))
      .when(change({ scopeSetIds: ['s'] }))
      .then([]);
    givenClient(carrying('s'))
      .when(change({ scopeSetIds: ['wide', 's'] }))
      .then([updated('wide', 's')]);
  });

  it('hold nothing that their grantor has not (C18), whatever else is asked', () => {
    givenClient()
      .when(register({ scopeSetIds: ['s', 'wide'], grantor: reader }))
      .thenThrows('client.exceeds_grantor');
    givenClient(carrying('wide'))
      .when(change({ tokenLifetimeSeconds: 86_400 }, reader))
      .thenThrows('client.exceeds_grantor');
    givenClient(carrying('wide'))
      .when(rotate({ grantor: reader }))
      .thenThrows('client.exceeds_grantor');
    givenClient(carrying('wide'), { type: 'latchkey.client.suspended.v1', data: { reason: '', suspendedAt: iso(1) } })
      .when(resume(reader))
      .thenThrows('client.exceeds_grantor');
  });

  it('are taken away by anybody, and given by its user alone', () => {
    givenClient(carrying('wide', 's'))
      .when(change({ scopeSetIds: ['s'] }, by({ scopes: [] }, 'another')))
      .then([updated('s')]);
    givenClient(carrying())
      .when(change({ scopeSetIds: ['s'] }, another))
      .thenThrows('auth.forbidden');
    givenClient(carrying())
      .when(change({ scopeSetIds: ['deleted'] }, another))
      .thenThrows('auth.forbidden');
  });

  it('that came in between make a lost race of what was decided without them', () =>
    givenClient(carrying('came later')).when(rotate()).thenThrows('stream.version_conflict'));
});

describe('changing a client', () => {
  it('records each field that is another one, and nothing for those that are not', () =>
    givenClient(registered())
      .when(
        change({
          name: 'Import',
          scopes: { canonical: ['assets:read', 'scans:write'], asSent: ['assets:read', 'scans:write'] },
          allowedIps: ['10.0.0.0/8'],
          assets: ['a.example'],
          plan: 'standard',
          tokenLifetimeSeconds: 600,
        }),
      )
      .then([
        updated({ changed: 'name', name: 'Import' }),
        updated({ changed: 'allowed_ips', allowedIps: ['10.0.0.0/8'] }),
        updated({ changed: 'assets', assets: ['a.example'] }),
        updated({ changed: 'token_lifetime', tokenLifetimeSeconds: 600 }),
      ]));

  const wider: [string, ClientChanges][] = [
    ['a scope', { scopes: { canonical: ['findings:read'], asSent: ['findings:read'] } }],
    ['longer-lived tokens', { tokenLifetimeSeconds: 7_200 }],
    ['a plan with higher limits', { plan: 'enterprise' }],
  ];
  it.each(wider)('to %s is for its own user', (_what, changes) =>
    givenClient(registered()).when(change(changes, another)).thenThrows('auth.forbidden'),
  );
  it.each(wider)('to %s is for who has all that it would have', (_what, changes) =>
    givenClient(registered())
      .when(change(changes, by({ allowedIps: ['10.0.0.0/8'] })))
      .thenThrows('client.exceeds_grantor'),
  );

  it('to less is for whoever may change clients, however little they have', () =>
    givenClient(registered())
      .when(change({ scopes: { canonical: ['assets:read'], asSent: ['assets:read'] } }, by({ scopes: [] }, 'another')))
      .then([updated({ changed: 'scopes', scopes: ['assets:read'], scopesAsSent: ['assets:read'] })]));

  it('to fewer keys is narrowing, and to another key is not', () => {
    const two = registered({ authentication: 'private_key_jwt', publicKeys: [KEY, OTHER_KEY], secretId: null });
    givenClient(two)
      .when(change({ publicKeys: [OTHER_KEY] }, another))
      .then([updated({ changed: 'public_keys', publicKeys: [OTHER_KEY] })]);
    givenClient(withKeys)
      .when(change({ publicKeys: [OTHER_KEY] }, another))
      .thenThrows('auth.forbidden');
    givenClient(withKeys)
      .when(change({ publicKeys: [{ ...KEY, alg: 'ES256' }] }, another))
      .thenThrows('auth.forbidden');
  });

  it('gives no keys to one that has a secret', () =>
    givenClient(registered())
      .when(change({ publicKeys: [KEY] }))
      .thenThrows('client.other_authentication'));

  it('that is deleted is refused', () =>
    givenClient(registered(), deleted)
      .when(change({ name: 'x' }))
      .thenThrows('client.deleted'));

  it('that there is not is refused', () =>
    givenClient()
      .when(change({ name: 'x' }))
      .thenThrows('client.not_found'));
});

describe('rotating a secret', () => {
  it('gives the old one its grace period, and tokens stay', () =>
    givenClient(registered())
      .when(rotate())
      .then([rotated(1, 2, 1, 25)]));

  it('with grace 0 ends every token too: whoever had the secret has tokens', () =>
    givenClient(registered())
      .when(rotate({ gracePeriodMs: 0 }))
      .then([rotated(1, 2, 1, 1), tokensEnded(2, 'secret_rotated')]));

  it('again inside a grace period ends the oldest', () =>
    givenClient(registered(), rotated(1, 2, 1, 25))
      .when(rotate({ replaces: 2, now: at(2) }))
      .then([graceEnded(1, 2), rotated(2, 3, 2, 26)]));

  it('away one that reached nobody ends that one, and the one before keeps its time (C31)', () =>
    givenClient(registered(), rotated(1, 2, 1, 25))
      .when(rotate({ replaces: 2, lost: true, now: at(2) }))
      .then([rotated(2, 3, 2, 2)]));

  it.each<[string, Partial<RotateClientSecret>, ErrorCode]>([
    ['by who knows an older secret', { replaces: 0 }, 'stream.version_conflict'],
    ['by another user', { grantor: another }, 'auth.forbidden'],
    ['by who has less', { grantor: by({ scopes: ['assets:read'] }) }, 'client.exceeds_grantor'],
  ])('is refused %s', (_who, overrides, code) => givenClient(registered()).when(rotate(overrides)).thenThrows(code));

  it('is refused for a client with public keys, and for a deleted one', () => {
    givenClient(withKeys)
      .when(rotate({ replaces: 0 }))
      .thenThrows('client.other_authentication');
    givenClient(registered(), deleted).when(rotate()).thenThrows('client.deleted');
  });
});

describe('suspending', () => {
  it('is done once, and undone by resuming', () => {
    givenClient(registered()).when(suspend).then([suspended]);
    givenClient(registered(), suspended).when(suspend).then([]);
    givenClient(registered(), suspended).when(resume()).then([resumed]);
    givenClient(registered()).when(resume()).then([]);
  });

  it('is undone by any user who has all that the client has, and by nobody else', () => {
    givenClient(registered(), suspended).when(resume(another)).then([resumed]);
    givenClient(registered(), suspended)
      .when(resume(by({ scopes: ['assets:read'] })))
      .thenThrows('client.exceeds_grantor');
  });

  it('leaves all else as it is', () => {
    const before = stateOf(registered(), revoked('t', 1));
    expect([suspended, resumed].reduce(evolve, before)).toEqual(before);
  });

  it('is refused for a deleted client', () => {
    givenClient(registered(), deleted).when(suspend).thenThrows('client.deleted');
    givenClient(registered(), suspended, deleted).when(resume()).thenThrows('client.deleted');
  });
});

describe('deleting', () => {
  it('is done once, whatever the client was', () => {
    givenClient(registered()).when(remove).then([deleted]);
    givenClient(registered(), suspended).when(remove).then([deleted]);
    givenClient(registered(), deleted).when(remove).then([]);
    givenClient().when(remove).thenThrows('client.not_found');
  });
});

describe('ending tokens', () => {
  it('raises the generation by one, each time', () => {
    givenClient(registered())
      .when(endTokens)
      .then([tokensEnded(2)]);
    givenClient(registered(), tokensEnded(2))
      .when(endTokens)
      .then([tokensEnded(3)]);
    givenClient(registered(), deleted).when(endTokens).then([]);
  });

  it('makes those that were revoked one by one forgettable', () =>
    expect(stateOf(registered(), revoked('t', 1), tokensEnded(2))).toMatchObject({
      ...{ tokenGeneration: 2, revokedTokens: [] },
    }));
});

describe('revoking a token', () => {
  it('is done once', () => {
    givenClient(registered())
      .when(revoke('t', 1))
      .then([revoked('t', 1)]);
    givenClient(registered(), revoked('t', 1)).when(revoke('t', 1)).then([]);
  });

  it('of a deleted client, or that expired long ago, is nothing', () => {
    givenClient(registered(), deleted).when(revoke('t', 1)).then([]);
    givenClient(registered())
      .when(revoke('t', 2, 1))
      .then([]);
  });

  it('is remembered for some minutes longer than the token lives, as clocks differ', () => {
    const minute = 1 / 60;
    const before = stateOf(registered(), revoked('old', 1, 2), revoked('new', 2 + 4 * minute, 3));
    expect(before).toMatchObject({ revokedTokens: [{ jti: 'old' }, { jti: 'new' }] });
    expect(evolve(before, revoked('newer', 2 + 5 * minute, 3))).toMatchObject({
      revokedTokens: [{ jti: 'new' }, { jti: 'newer' }],
    });
  });

  it(`beyond ${REVOKED_TOKENS_MAX} that have not expired ends all tokens instead`, () => {
    const many = Array.from({ length: REVOKED_TOKENS_MAX }, (_, place) => revoked(`t${place}`, 1));
    givenClient(registered(), ...many)
      .when(revoke('one more', 1))
      .then([tokensEnded(2, 'too_many_revoked')]);
    givenClient(registered(), ...many)
      .when(revoke('later', 3))
      .then([revoked('later', 3)]);
  });
});
