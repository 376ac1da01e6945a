import { userId } from '@latchkey/kernel';
import type { ActiveUser, Membership, UserState } from '../user/user';
import { membershipChanges, rolesIn, setsGivenIn, takesAnOwner } from './membership-changes';

const owner: Membership = { role: 'owner', suspended: false, scopeSetIds: [] };
const admin: Membership = { role: 'admin', suspended: false, scopeSetIds: ['s'] };
const userWith = (memberships: ActiveUser['memberships']): UserState => ({
  status: 'Active',
  userId: userId('u'),
  memberships,
  hasPassword: true,
  mfa: [],
  recoveryCodes: 0,
  mailedCodesSuspended: false,
  sessionGeneration: 0,
});
const erased: UserState = { status: 'Erased', userId: userId('u'), sessionGeneration: 1 };

describe('changes of memberships', () => {
  it('are those that differ, in the order of the workspaces', () =>
    expect(membershipChanges(userWith({ c: owner, b: admin }), userWith({ a: admin, b: admin }))).toEqual([
      { workspaceId: 'a', before: null, after: admin },
      { workspaceId: 'c', before: owner, after: null },
    ]));

  it('are all of them when the user is erased', () =>
    expect(membershipChanges(userWith({ a: owner, b: admin }), erased).map(({ after }) => after)).toEqual([
      null,
      null,
    ]));

  it('touch the roles before and after', () => {
    const [change] = membershipChanges(userWith({ a: owner }), userWith({ a: admin }));
    expect(change && rolesIn(change)).toEqual(['owner', 'admin']);
  });

  it('give the scope sets that were not there before', () => {
    const changed = { ...admin, scopeSetIds: ['t', 's'] };
    const [change] = membershipChanges(userWith({ a: admin }), userWith({ a: changed }));
    const [left] = membershipChanges(userWith({ a: changed }), userWith({}));
    expect([change && setsGivenIn(change), left && setsGivenIn(left)]).toEqual([['t'], []]);
  });

  it('give all scope sets again to who is resumed', () => {
    const suspended = { ...admin, suspended: true, scopeSetIds: ['s'] };
    const [resumed] = membershipChanges(
      userWith({ a: suspended }),
      userWith({ a: { ...suspended, suspended: false } }),
    );
    const [given] = membershipChanges(userWith({ a: suspended }), userWith({ a: { ...suspended, scopeSetIds: [] } }));
    expect([resumed && setsGivenIn(resumed), given && setsGivenIn(given)]).toEqual([['s'], []]);
  });

  it.each<[string, Membership | null, Membership | null, boolean]>([
    ['removed', owner, null, true],
    ['demoted', owner, admin, true],
    ['suspended', owner, { ...owner, suspended: true }, true],
    ['removed, who was suspended', { ...owner, suspended: true }, null, false],
    ['resumed', { ...owner, suspended: true }, owner, false],
    ['added', null, owner, false],
  ])('take an owner who is %s: %#', (_, before, after, expected) =>
    expect(takesAnOwner({ workspaceId: 'w' as never, before, after })).toBe(expected),
  );
});
