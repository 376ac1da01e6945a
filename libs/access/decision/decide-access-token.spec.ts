import fc from 'fast-check';
import {
  subjectName,
  type AccessTokenRef,
  type ClientSubject,
  type KnownSubjects,
  type ScopeSetSubject,
  type SigningKeySubject,
  type UserSubject,
  type WorkspaceSubject,
} from '@latchkey/contracts';
import { clientId, workspaceId } from '@latchkey/kernel';
import { denialReasonAt, type AccessRequest } from './access-request';
import { decideAccessToken } from './decide-access-token';
import { grantorsOwn } from './grantors-own';
import { principalOf } from './principal';
import { client as everydayClient, scopeSet, snapshot, user, workspace } from '../testing/subjects';

const EXPIRES = 5_000;
const token: AccessTokenRef = {
  ...{ workspaceId: workspaceId('w1'), clientId: clientId('c1'), jti: 'j1', generation: 3, signingKeyId: 'kid' },
  // In two of the profile's spellings.
  ...{ scopes: ['read:assets', 'scans:write', 'apikeys:read'], issuedAtMs: 1_000, expiresAtMs: EXPIRES },
};
const client: ClientSubject = {
  ...everydayClient,
  name: 'Nightly report',
  scopes: ['apikeys:read', 'assets:read', 'assets:write', 'scans:write'],
  tokenGeneration: 3,
};
const signingKey: SigningKeySubject = { kind: 'signing_key', status: 'trusted', algorithm: 'RS256', jwk: {} };

interface World {
  readonly client: Partial<ClientSubject> | null;
  readonly signingKey: Partial<SigningKeySubject> | null;
  readonly workspace: Partial<WorkspaceSubject> | null;
  readonly user: Partial<UserSubject> | null;
  readonly scopeSet: Partial<ScopeSetSubject> | null;
}

/** All subjects as they are in everyday life, but for what is said. */
const knownOf = (world: Partial<World> = {}): KnownSubjects => [
  snapshot('c1', client, world.client),
  snapshot('kid', signingKey, world.signingKey),
  snapshot('w1', workspace, world.workspace),
  snapshot('u1', user, world.user),
  snapshot('s1', scopeSet, world.scopeSet),
];

/** The reason of the denial at a time, or `allow`. */
function outcome(world: Partial<World> = {}, request: AccessRequest = {}, nowMs = 0, ref = token) {
  const verdict = decideAccessToken(ref, request, knownOf(world));
  return verdict.kind === 'deny' ? denialReasonAt(verdict.denial, nowMs) : verdict.kind;
}

describe('what a decision on an access token needs', () => {
  const needsOf = (known: KnownSubjects) => {
    const verdict = decideAccessToken(token, {}, known);
    return verdict.kind === 'needs' ? verdict.subjects.map(subjectName) : verdict.kind;
  };
  const without = (world: Partial<World>, ...names: string[]) =>
    knownOf(world).filter((subject) => !names.includes(subjectName(subject)));

  it('is its client, its signing key and the workspace, then what the client names', () => {
    expect(needsOf([])).toEqual(['client:c1', 'signing_key:kid', 'workspace:w1']);
    const world = { client: { scopeSetIds: ['s1'] } };
    expect(needsOf(without(world, 'user:u1', 'scope_set:s1'))).toEqual(['user:u1', 'scope_set:s1']);
    expect(needsOf(knownOf(world))).toBe('allow');
  });

  it('is asked for by name and never twice, whatever is known, and never allowed meanwhile', () => {
    const names = ['client:c1', 'signing_key:kid', 'workspace:w1', 'user:u1', 'scope_set:s1'];
    fc.assert(
      fc.property(fc.subarray(names, { minLength: 1 }), (missing) => {
        const asked = needsOf(without({ client: { scopeSetIds: ['s1'] } }, ...missing));
        if (typeof asked === 'string') throw new Error(asked);
        expect(missing).toEqual(expect.arrayContaining(asked));
        expect(asked.length).toBeGreaterThan(0);
        expect(new Set(asked).size).toBe(asked.length);
      }),
    );
  });
});

describe('an access token', () => {
  it('passes till it expires, and uses the budget of its client', () => {
    expect(decideAccessToken(token, { scopes: ['assets:read'], cost: 2 }, knownOf())).toMatchObject({
      kind: 'allow',
      notAfterMs: EXPIRES,
      ended: { reason: 'token_expired' },
      windowKey: 'c1',
      cost: 2,
    });
  });

  it.each<[string, Partial<World>, string]>([
    ['a client that there is not', { client: null }, 'unknown'],
    ["another workspace's client", { client: { workspaceId: workspaceId('w2') } }, 'unknown'],
    ['a signing key that there is not', { signingKey: null }, 'unknown'],
    ['a revoked signing key', { signingKey: { status: 'revoked' } }, 'revoked'],
    ['a deleted client', { client: { status: 'deleted' } }, 'revoked'],
    ['an earlier generation than the client has', { client: { tokenGeneration: 4 } }, 'revoked'],
    ['a later generation than the client has', { client: { tokenGeneration: 2 } }, 'revoked'],
    ['a revoked jti', { client: { revokedTokens: [{ jti: 'j1', expiresAtMs: EXPIRES }] } }, 'revoked'],
    ['a suspended client', { client: { status: 'suspended' } }, 'suspended'],
    ['a suspended workspace', { workspace: { status: 'suspended' } }, 'suspended'],
    ['a suspended user', { user: { status: 'suspended' } }, 'suspended'],
    ['a user that there is not', { user: null }, 'suspended'],
    ['a user who is a member no more', { user: { roles: {} } }, 'suspended'],
    ['a plan that nobody knows', { client: { plan: 'platinum' } }, 'unavailable'],
  ])('does not pass with %s', (_, world, reason) => {
    expect(outcome(world)).toBe(reason);
  });

  it('is not touched by what ended others', () => {
    expect(outcome({ client: { revokedTokens: [{ jti: 'j2', expiresAtMs: EXPIRES }], secrets: [] } })).toBe('allow');
  });

  it("passes only from its client's addresses, and where no second factor is demanded", () => {
    const world = { client: { allowedIps: ['203.0.113.0/24'] } };
    expect(outcome(world, { ip: '203.0.113.9' })).toBe('allow');
    expect(outcome(world, { ip: '198.51.100.1' })).toBe('ip_not_allowed');
    expect(outcome(world)).toBe('ip_not_allowed');
    expect(outcome({}, { second_factor: 'required' })).toBe('mfa_required');
    expect(outcome({ workspace: { secondFactor: 'required' } })).toBe('allow');
  });

  it("touches only its client's assets", () => {
    const world = { client: { assets: ['a.example'] } };
    const of = (asset: string) => outcome(world, { scopes: ['assets:read'], asset });
    expect([of('a.example'), of('b.example')]).toEqual(['allow', 'asset_not_allowed']);
  });

  it('that is refused for what it asks is an expired one once it has expired', () => {
    expect(outcome({}, { scopes: ['users:write'] }, EXPIRES - 1)).toBe('scope_missing');
    expect(outcome({}, { scopes: ['users:write'] }, EXPIRES)).toBe('token_expired');
  });
});

describe('the scopes of an access token', () => {
  const asked = ['assets:read', 'assets:write', 'scans:write', 'apikeys:read'];
  const passed = (world: Partial<World> = {}, ref = token) =>
    asked.filter((scope) => outcome(world, { scopes: [scope] }, 0, ref) === 'allow');

  it('are those that it was issued for, whatever more its client has', () => {
    expect(passed()).toEqual(['assets:read', 'scans:write', 'apikeys:read']);
    expect(passed({ client: { scopes: ['admin:full'] } })).toEqual(['assets:read', 'scans:write', 'apikeys:read']);
    expect(passed({}, { ...token, scopes: [] })).toEqual([]);
  });

  it('are at once no more than its client has, and its scope sets', () => {
    expect(passed({ client: { scopes: ['assets:read'] } })).toEqual(['assets:read']);
    expect(passed({ client: { scopes: ['assets:read'], scopeSetIds: ['s1'] } })).toEqual([
      'assets:read',
      'scans:write',
    ]);
    expect(passed({ client: { scopeSetIds: ['s1'] }, scopeSet: null })).toEqual([]);
  });

  it('are at once no more than the role of its member, unless the workspace has them go on without', () => {
    const auditor = { roles: { w1: 'auditor' as const } };
    expect(passed({ user: auditor })).toEqual(['assets:read', 'apikeys:read']);
    const stay = { formerMembersKeys: 'stay' } as const;
    expect(passed({ user: auditor, workspace: stay })).toEqual(['assets:read', 'scans:write', 'apikeys:read']);
    expect(passed({ user: { roles: {} }, workspace: stay })).toEqual(['assets:read', 'scans:write', 'apikeys:read']);
  });

  it('that the profile does not know grant nothing', () => {
    expect(passed({}, { ...token, scopes: ['bank:rob', 'assets:read'] })).toEqual(['assets:read']);
  });

  it('are shown so, in the spelling of the profile, and are what it may grant from', () => {
    const spelt = (world: Partial<World>, ref = token) => principalOf(ref, knownOf(world))?.scopes;
    const own = (world: Partial<World>, ref = token) => grantorsOwn(ref, knownOf(world))?.grant.scopes;
    const admin = { ...token, scopes: ['admin:full'] };
    const world = { client: { scopes: ['assets:read', 'assets:write'] } };
    expect(own({})).toEqual(['assets:read', 'scans:write', 'apikeys:read']);
    expect(own(world, admin)).toEqual(['assets:read', 'assets:write']);
    expect(spelt(world, admin)).toEqual(['read:assets', 'write:assets']);
    expect(spelt({ ...world, user: { roles: { w1: 'auditor' } } }, admin)).toEqual(['read:assets']);
    expect(own({ ...world, user: { roles: { w1: 'auditor' } } }, admin)).toEqual(['assets:read']);
  });
});

it('stands for its client, and names itself by its jti', () => {
  expect(principalOf(token, knownOf())).toEqual({
    kind: 'client',
    id: 'c1',
    secret_id: 'j1',
    workspace_id: 'w1',
    user_id: 'u1',
    name: 'Nightly report',
    scopes: expect.any(Array),
    assets: 'all',
  });
});
