import type { Role } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import { requireAuthority } from './authority';

const ROLES: readonly Role[] = ['owner', 'admin', 'member', 'auditor'];

/** Roles that the actor may give or take. */
const within = (actor: Role | null) =>
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
  ])('of %s reaches %j', (actor, expected) => expect(within(actor)).toEqual(expected));

  it('needs every role of a change: an admin neither makes an owner nor unmakes one', () => {
    expect(() => requireAuthority('admin', ['member', 'owner'])).toThrow(AppError);
    expect(() => requireAuthority('admin', ['owner', 'member'])).toThrow(AppError);
  });

  it('over the workspace itself is that of owners and admins', () => {
    expect(() => requireAuthority('owner', [])).not.toThrow();
    expect(() => requireAuthority('admin', [])).not.toThrow();
    for (const role of ['member', 'auditor', null] as const) expect(() => requireAuthority(role, [])).toThrow(AppError);
  });
});
