import fc from 'fast-check';
import {
  subjectName,
  type KnownSubjects,
  type Role,
  type SessionRef,
  type SessionSubject,
  type UserSubject,
  type WorkspaceSubject,
} from '@latchkey/contracts';
import { sessionId, userId, workspaceId } from '@latchkey/kernel';
import { denialReasonAt, type AccessRequest } from './access-request';
import { decideSession } from './decide-session';
import { grantorsOwn } from './grantors-own';
import { principalOf } from './principal';
import { scopeSet, snapshot, user as owner, workspace } from '../testing/subjects';

const DIGEST = 'd'.repeat(64);
const credential: SessionRef = {
  workspaceId: workspaceId('w1'),
  sessionId: sessionId('s1'),
  tokenNumber: 3,
  tokenSha256: DIGEST,
};
const session: SessionSubject = {
  kind: 'session',
  workspaceId: workspaceId('w1'),
  userId: userId('u1'),
  status: 'active',
  generation: 2,
  tokenNumber: 3,
  tokenSha256: DIGEST,
  secondFactor: false,
  idleUntilMs: 1_000,
  expiresAtMs: 5_000,
};
const user: UserSubject = { ...owner, roles: { w1: 'member' }, sessionGeneration: 2 };

interface World {
  readonly session: Partial<SessionSubject> | null;
  readonly workspace: Partial<WorkspaceSubject> | null;
  readonly user: Partial<UserSubject> | null;
}

/** All subjects as they are in everyday life, but for what is said. */
const knownOf = (world: Partial<World> = {}): KnownSubjects => [
  snapshot('s1', session, world.session),
  snapshot('w1', workspace, world.workspace),
  snapshot('u1', user, world.user),
];

describe('a session of a member who has been given scope sets besides the role (S4-13)', () => {
  const given: Partial<World> = { user: { scopeSetIds: { w1: ['s1'] } } };
  const allowed = (known: KnownSubjects) =>
    ['assets:read', 'audit:read', 'users:write'].filter(
      (scope) => decideSession(credential, { scopes: [scope] }, known).kind === 'allow',
    );
  const withSet = (change: Partial<typeof scopeSet> | null) => [...knownOf(given), snapshot('s1', scopeSet, change)];

  it('may do what either gives, and shows it', () => {
    const known = withSet({ scopes: ['audit:read'] });
    expect(allowed(known)).toEqual(['assets:read', 'audit:read']);
    expect(principalOf(credential, known)?.scopes).toEqual(expect.arrayContaining(['read:assets', 'audit:read']));
    expect(grantorsOwn(credential, known)?.grant.scopes).toContain('audit:read');
  });

  it.each([null, { scopes: [] }, { workspaceId: workspaceId('w2'), scopes: ['audit:read'] }])(
    'keeps the role where the set is gone, or another workspace’s: %j',
    (change) => expect(allowed(withSet(change))).toEqual(['assets:read']),
  );

  it('asks for the sets before it says anything of scopes, and for none of another workspace', () => {
    const needs = { kind: 'needs', subjects: [{ kind: 'scope_set', id: 's1' }] };
    expect(decideSession(credential, {}, knownOf(given))).toEqual(needs);
    expect(decideSession(credential, {}, knownOf({ user: { scopeSetIds: { w2: ['s1'] } } })).kind).toBe('allow');
    const roleless = knownOf({ user: { ...given.user, roles: {} } });
    expect(decideSession(credential, {}, roleless)).toMatchObject({ kind: 'deny', denial: { reason: 'suspended' } });
  });
});

/** The reason of the denial at a time, or `allow`. */
const outcome = (world: Partial<World>, request: AccessRequest = {}, ref = credential, nowMs = 0) => {
  const verdict = decideSession(ref, request, knownOf(world));
  return verdict.kind === 'deny' ? denialReasonAt(verdict.denial, nowMs) : verdict.kind;
};

it('a session is known at the host of its own workspace alone, and where a host names none', () => {
  const at = (tenant?: string) => outcome({ workspace: { slug: 'acme' } }, tenant === undefined ? {} : { tenant });
  expect([at('acme'), at(), at('other')]).toEqual(['allow', 'allow', 'unknown']);
});

it('an action that is a scope is asked of the role, any other is not', () => {
  const doing = (action: string) => outcome({ user: { roles: { w1: 'auditor' } } }, { action });
  expect([doing('read:assets'), doing('assets:write'), doing('list')]).toEqual(['allow', 'scope_missing', 'allow']);
});

describe('what a decision on a session needs', () => {
  const needsOf = (known: KnownSubjects, ref = credential) => {
    const verdict = decideSession(ref, {}, known);
    return verdict.kind === 'needs' ? verdict.subjects.map(subjectName) : verdict.kind;
  };
  const only = (...names: string[]) => knownOf().filter((subject) => names.includes(subjectName(subject)));

  it('is the session alone at first: a token that somebody made up costs one question', () => {
    expect(needsOf([])).toEqual(['session:s1']);
    expect(needsOf(only('workspace:w1', 'user:u1'))).toEqual(['session:s1']);
  });

  it('is its workspace and user then, and nothing more for a token that is not its current one', () => {
    expect(needsOf(only('session:s1'))).toEqual(['workspace:w1', 'user:u1']);
    expect(needsOf(only('session:s1', 'user:u1'))).toEqual(['workspace:w1']);
    expect(needsOf(only('session:s1'), { ...credential, tokenSha256: 'e'.repeat(64) })).toBe('deny');
    expect(needsOf(knownOf())).toBe('allow');
  });

  it('is asked for, and never allowed meanwhile, whatever is missing', () => {
    fc.assert(
      fc.property(fc.subarray(['session:s1', 'workspace:w1', 'user:u1'], { minLength: 1 }), (missing) => {
        const known = knownOf().filter((subject) => !missing.includes(subjectName(subject)));
        expect(decideSession(credential, {}, known).kind).toBe('needs');
      }),
    );
  });
});

describe('a session passes only with its current token, and while all that it depends on is live', () => {
  it.each<[string, Partial<World>, string, Partial<SessionRef>?]>([
    ['the session is unknown', { session: null }, 'unknown'],
    ['the session is of another workspace', { session: { workspaceId: workspaceId('w2') } }, 'unknown'],
    ['the token says another workspace', {}, 'unknown', { workspaceId: workspaceId('w2') }],
    ['the token is another text', {}, 'unknown', { tokenSha256: 'e'.repeat(64) }],
    ['the token is a later one that was never given', {}, 'unknown', { tokenSha256: 'e'.repeat(64), tokenNumber: 4 }],
    ['the token was traded in', {}, 'revoked', { tokenSha256: 'e'.repeat(64), tokenNumber: 2 }],
    ['the session has ended', { session: { status: 'ended' } }, 'revoked'],
    ['all sessions of the user have ended', { user: { sessionGeneration: 3 } }, 'revoked'],
    ['the workspace is unknown', { workspace: null }, 'suspended'],
    ['the workspace is suspended', { workspace: { status: 'suspended' } }, 'suspended'],
    ['the user is unknown', { user: null }, 'suspended'],
    ['the user is suspended', { user: { status: 'suspended' } }, 'suspended'],
    ['the user has no role there', { user: { roles: { w2: 'owner' } } }, 'suspended'],
    ['the profile is not known to this version', { workspace: { profile: 'newer' } }, 'unavailable'],
  ])('not when %s', (_, world, reason, ref = {}) => {
    expect(outcome(world, {}, { ...credential, ...ref })).toBe(reason);
  });

  it('until it was idle for too long or is at the end of its life, whichever comes first, and then it is expired', () => {
    for (const [change, atMs] of [
      [{}, 1_000],
      [{ idleUntilMs: 9_000 }, 5_000],
    ] as const) {
      expect(decideSession(credential, {}, knownOf({ session: change }))).toMatchObject({
        kind: 'allow',
        notAfterMs: atMs,
        ended: { reason: 'token_expired' },
      });
    }
  });

  it('and what is forbidden to it is expired too when its time has come', () => {
    const forbidden = (nowMs: number) => outcome({}, { scopes: ['admin'] }, credential, nowMs);
    expect([forbidden(999), forbidden(1_000)]).toEqual(['scope_missing', 'token_expired']);
  });

  it('without limits of its own, from any address, on every asset', () => {
    const request = { ip: '203.0.113.9', asset: 'example.com', scopes: ['assets:read'], cost: 7 };
    expect(decideSession(credential, request, knownOf())).toMatchObject({ kind: 'allow', windows: [], cost: 7 });
  });
});

describe('a session may do', () => {
  const may = (role: Role, ...scopes: string[]) => outcome({ user: { roles: { w1: role } } }, { scopes }) === 'allow';

  it('what the role of its user may, as it is now', () => {
    expect([may('owner', 'admin'), may('admin', 'admin'), may('member', 'admin'), may('auditor', 'admin')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([may('member', 'write:assets', 'apikeys:write'), may('auditor', 'assets:read', 'audit:read')]).toEqual([
      true,
      true,
    ]);
    expect([may('member', 'users:write'), may('auditor', 'write:assets'), may('owner', 'no:such')]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('a second factor', () => {
  const required: Partial<World> = { workspace: { secondFactor: 'required' } };
  const shown = { session: { secondFactor: true } };

  it.each<[string, Partial<World>, AccessRequest, string]>([
    ['is not needed', {}, {}, 'allow'],
    ['is needed where the workspace requires it', required, {}, 'mfa_required'],
    ['was shown', { ...required, ...shown }, {}, 'allow'],
    ['is not needed where the call says so', required, { second_factor: 'exempt' }, 'allow'],
    ['is needed where the call says so', {}, { second_factor: 'required' }, 'mfa_required'],
    ['was shown to a call that needs it', shown, { second_factor: 'required' }, 'allow'],
    ['comes after scopes', required, { scopes: ['admin'] }, 'scope_missing'],
  ])('%s', (_, world, request, expected) => expect(outcome(world, request)).toBe(expected));
});

describe('the principal of a session', () => {
  it('says whose it is, which token, and what it may do in the spelling of the profile', () => {
    expect(principalOf(credential, knownOf({ user: { roles: { w1: 'auditor' } } }))).toMatchObject({
      kind: 'session',
      id: 's1',
      secret_id: 's1.3',
      workspace_id: 'w1',
      user_id: 'u1',
      name: '',
      scopes: expect.arrayContaining(['read:assets', 'audit:read']),
      assets: 'all',
    });
  });

  it('is nobody while something of it is not known', () => {
    for (const name of ['session:s1', 'workspace:w1', 'user:u1']) {
      const known = knownOf().filter((subject) => subjectName(subject) !== name);
      expect(principalOf(credential, known)).toBeNull();
    }
  });
});
