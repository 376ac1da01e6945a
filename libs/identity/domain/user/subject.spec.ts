import { userId } from '@latchkey/kernel';
import { userSubject } from './subject';

describe('what decisions know of a user', () => {
  const user = {
    status: 'Active',
    userId: userId('u'),
    memberships: { a: { role: 'owner', suspended: false }, b: { role: 'admin', suspended: true } },
    hasPassword: true,
    mfa: [],
    recoveryCodes: 0,
    mailedCodesSuspended: false,
    sessionGeneration: 3,
  } as const;

  it('is the role in each workspace where the user is not suspended, and the generation of sessions', () =>
    expect(userSubject(user)).toEqual({ kind: 'user', status: 'active', roles: { a: 'owner' }, sessionGeneration: 3 }));

  it('is nothing that could be done in the name of one who is erased', () =>
    expect(userSubject({ status: 'Erased', userId: userId('u'), sessionGeneration: 4 })).toEqual({
      kind: 'user',
      status: 'suspended',
      roles: {},
      sessionGeneration: 4,
    }));
});
