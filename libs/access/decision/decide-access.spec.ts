import fc from 'fast-check';
import {
  subjectName,
  type CredentialRef,
  type KeySubject,
  type KnownSubjects,
  type ScopeSetSubject,
  type SubjectSnapshot,
  type UserSubject,
  type WorkspaceSubject,
} from '@latchkey/contracts';
import { keyId, workspaceId } from '@latchkey/kernel';
import { denialReasonAt, type AccessRequest } from './access-request';
import { decideAccess } from './decide-access';
import { principalOf } from './principal';
import { key, scopeSet, snapshot, user as owner, workspace } from '../testing/subjects';

const credential: CredentialRef = { workspaceId: workspaceId('w1'), keyId: keyId('k1'), secretNumber: 1 };
const user: UserSubject = { ...owner, roles: { w1: 'member' } };

interface World {
  readonly key: Partial<KeySubject> | null;
  readonly workspace: Partial<WorkspaceSubject> | null;
  readonly user: Partial<UserSubject> | null;
  readonly scopeSet: Partial<ScopeSetSubject> | null;
}

/** All subjects as they are in everyday life, but for what is said. */
const knownOf = (world: Partial<World> = {}): readonly SubjectSnapshot[] => [
  snapshot('k1', key, world.key),
  snapshot('w1', workspace, world.workspace),
  snapshot('u1', user, world.user),
  snapshot('s1', scopeSet, world.scopeSet),
];

const decide = (world: Partial<World>, request: AccessRequest = {}, ref = credential) =>
  decideAccess(ref, request, knownOf(world));

/** The reason of the denial at a time, or `allowed`. */
const outcome = (world: Partial<World>, request: AccessRequest = {}, ref = credential, nowMs = 0) => {
  const verdict = decide(world, request, ref);
  return verdict.kind === 'deny' ? denialReasonAt(verdict.denial, nowMs) : verdict.kind;
};

describe('what a decision needs', () => {
  const needsOf = (known: KnownSubjects) => {
    const verdict = decideAccess(credential, {}, known);
    return verdict.kind === 'needs' ? verdict.subjects.map(subjectName) : verdict.kind;
  };
  const without = (world: Partial<World>, ...names: string[]) =>
    knownOf(world).filter((subject) => !names.includes(subjectName(subject)));

  it('is the key and the workspace, then what the key names', () => {
    expect(needsOf([])).toEqual(['key:k1', 'workspace:w1']);
    const world = { key: { scopeSetIds: ['s1'] } };
    expect(needsOf(without(world, 'user:u1', 'scope_set:s1'))).toEqual(['user:u1', 'scope_set:s1']);
    expect(needsOf(without(world, 'workspace:w1'))).toEqual(['workspace:w1']);
    expect(needsOf(knownOf(world))).toBe('allow');
  });

  it('is nothing more once the key is dead', () => {
    const names = ['workspace:w1', 'user:u1'];
    expect(needsOf(without({ key: { status: 'revoked' } }, ...names))).toBe('deny');
    expect(needsOf(without({ key: null }, ...names))).toBe('deny');
  });

  it('is asked for by name and never twice, whatever is known, and never allowed meanwhile', () => {
    const names = ['key:k1', 'workspace:w1', 'user:u1', 'scope_set:s1'];
    fc.assert(
      fc.property(fc.subarray(names, { minLength: 1 }), (missing) => {
        const verdict = decideAccess(credential, {}, without({ key: { scopeSetIds: ['s1'] } }, ...missing));
        if (verdict.kind !== 'needs') throw new Error(verdict.kind);
        const asked = verdict.subjects.map(subjectName);
        expect(missing).toEqual(expect.arrayContaining(asked));
        expect(asked.length).toBeGreaterThan(0);
        expect(new Set(asked).size).toBe(asked.length);
      }),
    );
  });
});

describe('a key and the role of its member now (S1-02)', () => {
  const everything = { scopes: ['admin:full'] };
  const scopes = ['assets:write', 'webhooks:manage', 'audit:read', 'users:write'];
  const passed = (world: Partial<World>) => scopes.filter((scope) => outcome(world, { scopes: [scope] }) === 'allow');
  const shown = (world: Partial<World>) => principalOf(credential, knownOf({ key: everything, ...world }))?.scopes;

  it.each([
    ['owner', scopes, 'admin'],
    ['admin', scopes, 'admin'],
    ['member', ['assets:write', 'webhooks:manage'], 'write:assets'],
    ['auditor', ['audit:read'], 'audit:read'],
  ] as const)('gives what both do: an admin key of an %s', (role, expected, named) => {
    const world = { key: everything, user: { roles: { w1: role } } };
    expect(passed(world)).toEqual(expected);
    expect(shown(world)).toContain(named);
    expect(shown(world)?.includes('admin')).toBe(named === 'admin');
  });

  it('gives no scope of a scope set beyond the role either', () => {
    const world: Partial<World> = {
      key: { scopeSetIds: ['s1'] },
      scopeSet: { scopes: ['audit:read', 'scans:write'] },
      user: { roles: { w1: 'member' } },
    };
    expect(outcome(world, { scopes: ['audit:read'] })).toBe('scope_missing');
    expect(outcome(world, { scopes: ['scans:write'] })).toBe('allow');
    expect(principalOf(credential, knownOf(world))?.scopes).not.toContain('audit:read');
  });

  it('gives what its member has been given by a scope set besides the role, while the set is there (S4-13)', () => {
    const world: Partial<World> = {
      key: everything,
      scopeSet: { scopes: ['audit:read'] },
      user: { roles: { w1: 'member' }, scopeSetIds: { w1: ['s1'], w2: ['s2'] } },
    };
    expect(passed(world)).toEqual(['assets:write', 'webhooks:manage', 'audit:read']);
    expect(shown(world)).toContain('audit:read');
    for (const gone of [{ scopes: [] }, { workspaceId: workspaceId('w2') }, null]) {
      expect(passed({ ...world, scopeSet: gone })).toEqual(['assets:write', 'webhooks:manage']);
      expect(shown({ ...world, scopeSet: gone })).not.toContain('audit:read');
    }
    expect(passed({ ...world, key: {} })).toEqual([]);
  });

  it('asks for the scope sets of its member only where they bound it', () => {
    const known = knownOf({ user: { roles: { w1: 'member' }, scopeSetIds: { w1: ['s7'] } } });
    expect(decideAccess(credential, {}, known)).toMatchObject({
      kind: 'needs',
      subjects: [{ kind: 'scope_set', id: 's7' }],
    });
    const unbound = knownOf({
      workspace: { formerMembersKeys: 'stay' },
      user: { roles: { w1: 'member' }, scopeSetIds: { w1: ['s7'] } },
    });
    expect(decideAccess(credential, {}, unbound).kind).toBe('allow');
  });

  it('stands by itself where the workspace has keys stay', () => {
    const world: Partial<World> = {
      key: everything,
      workspace: { formerMembersKeys: 'stay' },
      user: { roles: { w1: 'auditor' } },
    };
    expect(passed(world)).toEqual(scopes);
    expect(shown(world)).toEqual(['admin']);
  });
});

describe('a key of somebody who is a member no more', () => {
  const stay: Partial<World> = { workspace: { formerMembersKeys: 'stay' }, user: { roles: {} } };

  it('ends, unless its workspace lets such keys go on', () => {
    expect(outcome({ user: { roles: {} } })).toBe('suspended');
    expect(outcome(stay)).toBe('allow');
  });

  it('ends in any case when its user was erased, or never was', () => {
    expect(outcome({ ...stay, user: { roles: {}, status: 'suspended' } })).toBe('suspended');
    expect(outcome({ ...stay, user: null })).toBe('suspended');
  });
});

describe('a second factor', () => {
  it('is something that no key has shown, and that no workspace asks of one', () => {
    expect(outcome({}, { second_factor: 'required' })).toBe('mfa_required');
    expect(outcome({ workspace: { secondFactor: 'required' } })).toBe('allow');
    expect(outcome({}, { second_factor: 'exempt' })).toBe('allow');
  });
});

describe('a credential passes only if all that it depends on is live', () => {
  const dead: [string, Partial<World>, string][] = [
    ['the key is unknown', { key: null }, 'unknown'],
    ['the key is of another workspace', { key: { workspaceId: workspaceId('w2') } }, 'unknown'],
    ['the key is revoked', { key: { status: 'revoked' } }, 'revoked'],
    ['the key is suspended', { key: { status: 'suspended' } }, 'suspended'],
    ['the secret has ended', { key: { secrets: [{ number: 2, graceUntilMs: null }] } }, 'revoked'],
    ['no secret is left', { key: { secrets: [] } }, 'revoked'],
    ['the workspace is suspended', { workspace: { status: 'suspended' } }, 'suspended'],
    ['the workspace is gone', { workspace: null }, 'suspended'],
    ['the user is suspended', { user: { status: 'suspended' } }, 'suspended'],
    ['the user is gone', { user: null }, 'suspended'],
    ['the user has left the workspace', { user: { roles: { w2: 'owner' } } }, 'suspended'],
    ['a scope set is gone', { key: { scopeSetIds: ['s1'] }, scopeSet: null }, 'scope_missing'],
    [
      'a scope set is of another workspace',
      { key: { scopeSetIds: ['s1'] }, scopeSet: { workspaceId: workspaceId('w2') } },
      'scope_missing',
    ],
    ['the profile is unknown', { workspace: { profile: 'nobody' } }, 'unavailable'],
    ['the plan is unknown', { key: { plan: 'gold' } }, 'unavailable'],
  ];

  it.each(dead)('%s', (_, world, reason) => {
    expect(outcome(world)).toBe(reason);
  });

  it('whatever else is true: the admin scope, no limits, a listed ip', () => {
    const request = fc.record<AccessRequest>(
      { scopes: fc.subarray(['assets:read', 'admin']), ip: fc.constant('10.0.0.1'), asset: fc.constant('a') },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...dead), request, fc.boolean(), ([, world, reason], asked, strong) => {
        const might = strong ? { scopes: ['admin:full'], plan: 'unlimited', allowedIps: ['10.0.0.0/8'] } : {};
        const mighty =
          world.key === null || reason === 'unavailable' ? world : { ...world, key: { ...might, ...world.key } };
        expect(decide(mighty, asked).kind).not.toBe('allow');
      }),
    );
  });

  it('a prototype is nobody of the workspace', () => {
    const ref = { ...credential, workspaceId: workspaceId('constructor') };
    const known = [
      ...knownOf({ key: { workspaceId: workspaceId('constructor') } }),
      snapshot('constructor', workspace),
    ];
    expect(decideAccess(ref, {}, known)).toMatchObject({ kind: 'deny', denial: { reason: 'suspended' } });
  });

  it('a body of another kind is no body', () => {
    const known = [{ ...snapshot('u1', workspace), kind: 'user' as const }, ...knownOf()];
    expect(decideAccess(credential, {}, known).kind).toBe('deny');
  });
});

describe('the rules, in order', () => {
  it.each<[string, Partial<KeySubject>, AccessRequest, string]>([
    ['an unlisted ip', { allowedIps: ['203.0.113.0/24'] }, { ip: '198.51.100.1' }, 'ip_not_allowed'],
    ['a check that names no ip, of a key with a list', { allowedIps: ['203.0.113.0/24'] }, {}, 'ip_not_allowed'],
    ['an ip that is none', { allowedIps: ['0.0.0.0/0'] }, { ip: 'localhost' }, 'ip_not_allowed'],
    ['a listed ip', { allowedIps: ['203.0.113.0/24'] }, { ip: '::ffff:203.0.113.9' }, 'allow'],
    ['any ip without a list', {}, { ip: 'localhost' }, 'allow'],
    ['a scope it has', {}, { scopes: ['assets:read'] }, 'allow'],
    ['a scope it has, in the other spelling', {}, { scopes: ['read:assets'] }, 'allow'],
    ['a scope it lacks', {}, { scopes: ['assets:read', 'assets:write'] }, 'scope_missing'],
    ['a scope that nobody has', { scopes: ['admin:full'] }, { scopes: ['nothing:read'] }, 'scope_missing'],
    ['a scope of its scope set', { scopeSetIds: ['s1'] }, { scopes: ['scans:write', 'assets:read'] }, 'allow'],
    ['its asset', { assets: ['a'] }, { asset: 'a', scopes: ['assets:read'] }, 'allow'],
    ['another asset', { assets: ['a'] }, { asset: 'b', scopes: ['assets:read'] }, 'asset_not_allowed'],
    ['any asset, when it has none', { assets: [] }, { asset: 'a' }, 'asset_not_allowed'],
    ['no asset, for a scope about assets', { assets: ['a'] }, { scopes: ['assets:read'] }, 'asset_not_allowed'],
    ['no asset, for the system', { assets: ['a'] }, { scopes: ['apikeys:read'] }, 'allow'],
    [
      'its own assets, which the service filters by',
      { assets: ['a'] },
      { own_assets: true, scopes: ['assets:read'] },
      'allow',
    ],
    [
      'not its own assets alone',
      { assets: ['a'] },
      { own_assets: false, scopes: ['assets:read'] },
      'asset_not_allowed',
    ],
    [
      'another asset, whatever else is said',
      { assets: ['a'] },
      { asset: 'b', own_assets: true, scopes: ['assets:read'] },
      'asset_not_allowed',
    ],
    ['an asset with the name *', { assets: ['a'] }, { asset: '*', scopes: ['assets:read'] }, 'asset_not_allowed'],
    ['an action that is a scope it has', { assets: ['a'] }, { asset: 'a', action: 'read:assets' }, 'allow'],
    ['an action that is a scope it lacks', { assets: ['a'] }, { asset: 'a', action: 'assets:write' }, 'scope_missing'],
    ['an action on another asset', { assets: ['a'] }, { asset: 'b', action: 'assets:read' }, 'asset_not_allowed'],
    ['an action on no asset', { assets: ['a'] }, { action: 'assets:read' }, 'asset_not_allowed'],
    ['an action that is no scope', { assets: ['a'] }, { asset: 'a', action: 'list' }, 'allow'],
    ['any asset, when it has all', {}, { asset: 'b', scopes: ['assets:read'] }, 'allow'],
    ['ip before scope', { allowedIps: ['::1'] }, { ip: '::2', scopes: ['assets:write'] }, 'ip_not_allowed'],
    ['scope before asset', { assets: ['a'] }, { asset: 'b', scopes: ['assets:write'] }, 'scope_missing'],
  ])('%s', (_, change, request, expected) => {
    expect(outcome({ key: change }, request)).toBe(expected);
  });

  it('a sum is covered by parts from the key and from its scope set', () => {
    const world: Partial<World> = {
      key: { scopes: ['actions:write'], scopeSetIds: ['s1'] },
      scopeSet: { scopes: ['playbooks:write'] },
    };
    expect(outcome(world, { scopes: ['actions:execute'] })).toBe('allow');
    expect(outcome({ ...world, scopeSet: { scopes: [] } }, { scopes: ['actions:execute'] })).toBe('scope_missing');
  });
});

describe('what an allow states', () => {
  it('the limits of the plan, the budget of the logical key, and the cost', () => {
    expect(decide({ workspace: { profile: 'zshield' }, key: { plan: 'starter' } }, { cost: 3 })).toMatchObject({
      kind: 'allow',
      windows: [
        { name: 'second', limit: 20, lengthMs: 1_000 },
        { name: 'minute', limit: 60, lengthMs: 60_000 },
        { name: 'day', limit: 10_000, lengthMs: 86_400_000 },
      ],
      windowKey: 'k1',
      cost: 3,
    });
    expect(decide({ key: { plan: 'unlimited' } })).toMatchObject({ windows: [], cost: 1 });
  });

  it.each<[string, number | null, number | null, number | null, string]>([
    ['nothing ends', null, null, null, 'expired'],
    ['the key expires', 100, null, 100, 'expired'],
    ['the grace period ends', null, 50, 50, 'revoked'],
    ['the grace period ends first', 100, 50, 50, 'revoked'],
    ['the key expires first', 50, 100, 50, 'expired'],
    ['both at once', 50, 50, 50, 'expired'],
  ])('when it ends: %s', (_, expiresAtMs, graceUntilMs, notAfterMs, reason) => {
    const world = {
      key: {
        expiresAtMs,
        secrets: [
          { number: 1, graceUntilMs },
          { number: 2, graceUntilMs: null },
        ],
      },
    };
    expect(decide(world)).toMatchObject({ kind: 'allow', notAfterMs, ended: { reason } });
  });

  it('the new secret outlives the grace period of the old one', () => {
    const secrets = [
      { number: 1, graceUntilMs: 50 },
      { number: 2, graceUntilMs: null },
    ];
    expect(decide({ key: { secrets } }, {}, { ...credential, secretNumber: 2 })).toMatchObject({ notAfterMs: null });
  });

  it('an expired key is expired, not forbidden: a denial knows what it turns into (C17)', () => {
    const world = { key: { expiresAtMs: 100 } };
    const request = { scopes: ['assets:write'] };
    expect([99, 100, 101].map((nowMs) => outcome(world, request, credential, nowMs))).toEqual([
      'scope_missing',
      'expired',
      'expired',
    ]);
  });
});

describe('the principal', () => {
  it('is shown in the spelling of its profile, with the scopes of its scope sets', () => {
    expect(principalOf(credential, knownOf({ key: { scopeSetIds: ['s1'], assets: ['a'] } }))).toEqual({
      kind: 'api_key',
      id: 'k1',
      secret_id: 'k1.1',
      workspace_id: 'w1',
      user_id: 'u1',
      name: 'CI',
      scopes: ['read:assets', 'apikeys:read', 'write:scans'],
      assets: ['a'],
    });
  });

  it('is nobody while the key or the workspace is not known', () => {
    expect(principalOf(credential, [])).toBeNull();
    expect(principalOf(credential, knownOf({ key: null }))).toBeNull();
    expect(principalOf(credential, knownOf({ workspace: null }))).toBeNull();
  });
});

describe('a body that changes', () => {
  it('is judged anew: nothing is remembered of the one before', () => {
    const request = { scopes: ['assets:read'], ip: '10.0.0.1' };
    expect(outcome({}, request)).toBe('allow');
    expect(outcome({ key: { scopes: [] } }, request)).toBe('scope_missing');
    expect(outcome({ key: { allowedIps: ['::1'] } }, request)).toBe('ip_not_allowed');
  });

  it('is judged by the profile of its workspace, even if the same body is seen with another', () => {
    const body: KeySubject = { ...key, scopes: ['actions:execute'] };
    const under = (profile: string) => {
      const known = [snapshot('k1', body), ...knownOf({ workspace: { profile } })];
      return decideAccess(credential, { scopes: ['actions:execute'] }, known).kind;
    };
    expect(['s4e', 'latchkey', 's4e'].map(under)).toEqual(['allow', 'deny', 'allow']);
  });
});
