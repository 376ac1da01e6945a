import type { ClientSubject, KnownSubjects, ScopeSetSubject, UserSubject, WorkspaceSubject } from '@latchkey/contracts';
import { clientId, workspaceId } from '@latchkey/kernel';
import { denialReasonAt } from './access-request';
import { clientGrant, decideClient, type ShownByClient } from './decide-client';
import { client as everydayClient, scopeSet, snapshot, user, workspace } from '../testing/subjects';

const shown: ShownByClient = { workspaceId: workspaceId('w1'), clientId: clientId('c1'), secretNumber: 2 };
const client: ClientSubject = {
  ...everydayClient,
  scopes: ['assets:read', 'oauth:write', 'scans:write'],
  secrets: [
    { number: 1, graceUntilMs: 50 },
    { number: 2, graceUntilMs: null },
  ],
};

const reports: ScopeSetSubject = { ...scopeSet, scopes: ['reports:read'] };

interface World {
  readonly client: Partial<ClientSubject> | null;
  readonly workspace: Partial<WorkspaceSubject> | null;
  readonly user: Partial<UserSubject> | null;
}

/** All subjects as they are in everyday life, but for what is said. */
const knownOf = (world: Partial<World> = {}): KnownSubjects => [
  snapshot('c1', client, world.client),
  snapshot('w1', workspace, world.workspace),
  snapshot('u1', user, world.user),
  snapshot('s1', reports),
  snapshot('s2', { ...reports, workspaceId: workspaceId('w2') }),
  snapshot('s3', reports, null),
];

const WINDOWS = [{ name: 'minute', limit: 3, lengthMs: 60_000 }];
const decide = (world: Partial<World> = {}, of = shown, ip?: string) =>
  decideClient(of, { ip, windows: WINDOWS, windowKey: 'tokens:c1' }, knownOf(world));
const outcome = (world: Partial<World>, of = shown, ip?: string, nowMs = 0) => {
  const verdict = decide(world, of, ip);
  return verdict.kind === 'deny' ? denialReasonAt(verdict.denial, nowMs) : verdict.kind;
};

describe('a client that authenticates itself', () => {
  it('is judged by itself and its workspace, and then by its member', () => {
    const needsOf = (known: KnownSubjects) => {
      const verdict = decideClient(shown, { ip: undefined, windows: [], windowKey: '' }, known);
      return verdict.kind === 'needs' ? verdict.subjects.map(({ kind }) => kind) : verdict.kind;
    };
    expect(needsOf([])).toEqual(['client', 'workspace']);
    expect(needsOf(knownOf().slice(0, 2))).toEqual(['user']);
    expect(needsOf(knownOf())).toBe('allow');
  });

  it.each<[string, Partial<World>, string]>([
    ['there is none', { client: null }, 'unknown'],
    ['it is of another workspace', { client: { workspaceId: workspaceId('w2') } }, 'unknown'],
    ['it is deleted', { client: { status: 'deleted' } }, 'revoked'],
    ['it is suspended', { client: { status: 'suspended' } }, 'suspended'],
    ['its secret has ended', { client: { secrets: [{ number: 3, graceUntilMs: null }] } }, 'revoked'],
    ['its workspace is suspended', { workspace: { status: 'suspended' } }, 'suspended'],
    ['its member is suspended', { user: { status: 'suspended' } }, 'suspended'],
    ['its member is a member no more', { user: { roles: {} } }, 'suspended'],
    ['its plan is of a newer version', { client: { plan: 'gold' } }, 'unavailable'],
    ['all is well', {}, 'allow'],
  ])('where %s', (_, world, expected) => expect(outcome(world)).toBe(expected));

  it('goes on without its member where the workspace has it so', () =>
    expect(outcome({ user: { roles: {} }, workspace: { formerMembersKeys: 'stay' } })).toBe('allow'));

  it('passes from its addresses alone', () => {
    const world = { client: { allowedIps: ['203.0.113.0/24'] } };
    expect(['203.0.113.9', '198.51.100.1', undefined].map((ip) => outcome(world, shown, ip))).toEqual([
      'allow',
      'ip_not_allowed',
      'ip_not_allowed',
    ]);
  });

  it('has no secret to be live when it shows an assertion', () =>
    expect(outcome({ client: { secrets: [] } }, { ...shown, secretNumber: null })).toBe('allow'));

  it('has its own limits for tokens, whatever its plan, and an old secret ends with its grace period', () => {
    expect(decide()).toMatchObject({ windows: WINDOWS, windowKey: 'tokens:c1', cost: 1, notAfterMs: null });
    const old = { ...shown, secretNumber: 1 };
    expect(decide({}, old)).toMatchObject({ notAfterMs: 50, ended: { reason: 'revoked' } });
    expect(outcome({ client: { allowedIps: ['::1'] } }, old, '::2', 50)).toBe('revoked');
  });
});

describe('what a client may be given a token for', () => {
  const scopes = (world: Partial<World> = {}) => clientGrant(shown, knownOf(world))?.scopes;

  it('is what it has, as far as the role of its member goes', () => {
    expect(scopes()).toEqual(['assets:read', 'oauth:write', 'scans:write']);
    expect(scopes({ user: { roles: { w1: 'member' } } })).toEqual(['assets:read', 'scans:write']);
    expect(scopes({ user: { roles: { w1: 'auditor' } } })).toEqual(['assets:read']);
  });

  it('is all that it has where the workspace has it go on without its member', () =>
    expect(scopes({ user: { roles: {} }, workspace: { formerMembersKeys: 'stay' } })).toEqual(client.scopes));

  it('has what its scope sets hold, and nothing when one is gone or another workspace’s', () => {
    expect(scopes({ client: { scopes: ['assets:read'], scopeSetIds: ['s1'] } })).toEqual([
      'assets:read',
      'reports:read',
    ]);
    expect(scopes({ client: { scopeSetIds: ['s2'] } })).toEqual([]);
    expect(scopes({ client: { scopeSetIds: ['s1', 's3'] } })).toEqual([]);
  });

  it('goes as far as the scope sets of its member reach beyond the role, as they are now', () => {
    const user = { roles: { w1: 'auditor' as const }, scopeSetIds: { w1: ['s1'] } };
    const [body, ...others] = knownOf({ user });
    const holding = (held: readonly string[]) =>
      clientGrant(shown, [
        body,
        ...others.map((one) =>
          one?.kind === 'scope_set' && one.body?.kind === 'scope_set'
            ? { ...one, body: { ...one.body, scopes: held } }
            : one,
        ),
      ] as KnownSubjects)?.scopes;
    expect([['scans:write'], [], ['oauth:write']].map(holding)).toEqual([
      ['assets:read', 'scans:write'],
      ['assets:read'],
      ['assets:read', 'oauth:write'],
    ]);
  });

  it('is nothing while the client or its workspace is not known', () => {
    expect(clientGrant(shown, [])).toBeNull();
    expect(clientGrant(shown, knownOf({ workspace: null }))).toBeNull();
  });

  it('is judged anew when the role changes, though the same body is seen', () => {
    const [body, ...others] = knownOf();
    const under = (role: 'owner' | 'auditor') =>
      clientGrant(shown, [
        body,
        ...others.map((one) => (one?.kind === 'user' ? { ...one, body: { ...user, roles: { w1: role } } } : one)),
      ] as KnownSubjects);
    expect([under('owner'), under('auditor'), under('owner')].map((grant) => grant?.scopes.length)).toEqual([3, 1, 3]);
  });
});
