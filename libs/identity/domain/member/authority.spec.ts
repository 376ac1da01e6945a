import { profileByName, scopesOfRole, type Profile } from '@latchkey/access';
import type { Role } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import { requireAuthority, type Authority } from './authority';

const ROLES: readonly Role[] = ['owner', 'admin', 'member', 'auditor'];
const profile = profileByName('s4e') as Profile;
const bySession = (role: Role | null): Authority => ({ role, key: null });
const byKey = (role: Role | null, ...scopes: readonly string[]): Authority => ({ role, key: { profile, scopes } });

/** Roles that the actor may give or take. */
const within = (actor: Authority) =>
  ROLES.filter((role) => {
    try {
      requireAuthority(actor, [role]);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'auth.forbidden' });
      return false;
    }
  });

describe('authority over members', () => {
  it.each<[Role | null, readonly Role[]]>([
    ['owner', ['owner', 'admin', 'member', 'auditor']],
    ['admin', ['admin', 'member', 'auditor']],
    ['member', []],
    ['auditor', []],
    [null, []],
  ])('of %s reaches %j', (actor, expected) => expect(within(bySession(actor))).toEqual(expected));

  it('needs every role of a change: an admin neither makes an owner nor unmakes one', () => {
    for (const roles of [['member', 'owner'] as const, ['owner', 'member'] as const]) {
      expect(() => requireAuthority(bySession('admin'), roles)).toThrow(AppError);
    }
  });

  it('over the workspace itself is that of owners and admins', () => {
    for (const role of ['owner', 'admin'] as const) expect(() => requireAuthority(bySession(role), [])).not.toThrow();
    for (const role of ['member', 'auditor', null] as const) {
      expect(() => requireAuthority(bySession(role), [])).toThrow(AppError);
    }
  });
});

describe('authority of an API key over members', () => {
  it.each<[string, readonly string[], readonly Role[]]>([
    ['everything', ['admin:full'], ['admin', 'member', 'auditor']],
    ['everything, as its documents spell it', ['admin'], ['admin', 'member', 'auditor']],
    ['what a member has', scopesOfRole(profile, 'member'), ['member']],
    ['what an auditor has', scopesOfRole(profile, 'auditor'), ['auditor']],
    ['all but one of what a member has', scopesOfRole(profile, 'member').slice(1), []],
    ['the scope of the route alone', ['users:write'], []],
    ['nothing', [], []],
  ])('that has %s: %j reaches %j, and never an owner', (_, scopes, expected) =>
    expect(within(byKey('owner', ...scopes))).toEqual(expected),
  );

  it('gives only what it has itself, role or not', () => {
    const giving =
      (scopes: readonly string[], ...held: readonly string[]) =>
      () =>
        requireAuthority(byKey('admin', ...held), [], scopes);
    expect(giving(['audit:read'], 'users:write')).toThrow(AppError);
    for (const held of ['audit:read', 'admin']) expect(giving(['audit:read'], held)).not.toThrow();
    expect(() => requireAuthority(bySession('admin'), [], ['audit:read'])).not.toThrow();
  });

  it('is within that of its user', () => {
    for (const role of ['member', 'auditor', null] as const) expect(within(byKey(role, 'admin:full'))).toEqual([]);
  });

  it('needs every role of a change', () =>
    expect(() => requireAuthority(byKey('owner', ...scopesOfRole(profile, 'member')), ['member', 'admin'])).toThrow(
      AppError,
    ));

  it('is none where the profile is of a newer version', () =>
    expect(within({ role: 'owner', key: { profile: undefined, scopes: ['admin:full'] } })).toEqual([]));
});
