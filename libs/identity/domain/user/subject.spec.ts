import { userId } from '@latchkey/kernel';
import { userSubject } from './subject';

describe('what decisions know of a user', () => {
  const user = {
    status: 'Active',
    userId: userId('u'),
    memberships: {
      a: { role: 'owner', suspended: false, scopeSetIds: [] },
      b: { role: 'admin', suspended: true, scopeSetIds: ['s'] },
    },
    hasPassword: true,
    mfa: [],
    recoveryCodes: 0,
    mailedCodesSuspended: false,
    sessionGeneration: 3,
  } as const;

  it('is the role in each workspace where the user is not suspended, and the generation of sessions', () =>
    expect(userSubject(user)).toEqual({ kind: 'user', status: 'active', roles: { a: 'owner' }, sessionGeneration: 3 }));

  it('is what a member has been given besides the role, while not suspended (S4-13)', () =>
    expect(
      userSubject({ ...user, memberships: { ...user.memberships, c: { ...user.memberships.a, scopeSetIds: ['t'] } } }),
    ).toMatchObject({ scopeSetIds: { c: ['t'] } }));

  it('is nothing that could be done in the name of one who is erased', () =>
    expect(userSubject({ status: 'Erased', userId: userId('u'), sessionGeneration: 4 })).toEqual({
      kind: 'user',
      status: 'suspended',
      roles: {},
      sessionGeneration: 4,
    }));
});
