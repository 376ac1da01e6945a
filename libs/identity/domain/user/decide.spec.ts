import type { UserEvent } from '@latchkey/contracts';
import { userId, workspaceId } from '@latchkey/kernel';
import { given } from '@latchkey/testing';
import type { UserCommand } from './commands';
import { decideInTurn, decideUser, MEMBERSHIPS_MAX } from './decide';
import { evolveUser, initialUser, methodsOf, type UserState } from './user';

const now = new Date('2026-04-28T12:00:00Z');
const at = now.toISOString();
const w = workspaceId('w');
const user = { initialState: initialUser, decide: decideUser, evolve: evolveUser };
const stateAfter = (...events: UserEvent[]): UserState => events.reduce(evolveUser, initialUser);

const registered: UserEvent = { type: 'latchkey.user.registered.v1', data: { userId: 'u', registeredAt: at } };
const roleIn = (id: string, role: 'owner' | 'admin' | 'member' | 'auditor'): UserEvent => ({
  type: 'latchkey.user.member_role_changed.v1',
  data: { workspaceId: id, role, changedAt: at },
});
const owner = roleIn('w', 'owner');
const suspended: UserEvent = { type: 'latchkey.user.suspended.v1', data: { workspaceId: 'w', suspendedAt: at } };
const resumed: UserEvent = { type: 'latchkey.user.resumed.v1', data: { workspaceId: 'w', resumedAt: at } };
const removed: UserEvent = { type: 'latchkey.user.member_removed.v1', data: { workspaceId: 'w', removedAt: at } };
const password = (how: 'set' | 'changed' | 'reset'): UserEvent => ({
  type: 'latchkey.user.password_changed.v1',
  data: { how, changedAt: at },
});
const enrolled = (method: 'totp' | 'email'): UserEvent => ({
  type: 'latchkey.user.mfa_enrolled.v1',
  data: { method, enrolledAt: at },
});
const disabled = (method: 'totp' | 'email'): UserEvent => ({
  type: 'latchkey.user.mfa_disabled.v1',
  data: { method, disabledAt: at },
});
const codesIssued = (count: number): UserEvent => ({
  type: 'latchkey.user.recovery_codes_issued.v1',
  data: { count, issuedAt: at },
});
const codeUsed = (remaining: number): UserEvent => ({
  type: 'latchkey.user.recovery_code_used.v1',
  data: { remaining, usedAt: at },
});
const sessionsEnded = (
  generation: number,
  reason: 'requested' | 'password_changed' | 'mfa_changed' | 'erased',
): UserEvent => ({ type: 'latchkey.user.sessions_ended.v1', data: { generation, reason, endedAt: at } });
const restored: UserEvent = { type: 'latchkey.user.mailed_codes_restored.v1', data: { restoredAt: at } };
const erased: UserEvent = { type: 'latchkey.user.erased.v1', data: { erasedAt: at } };

const register: UserCommand = { type: 'RegisterUser', userId: userId('u'), now };
const addOwner: UserCommand = { type: 'AddMember', workspaceId: w, role: 'owner', now };
const changeRole: UserCommand = { type: 'ChangeMemberRole', workspaceId: w, role: 'admin', now };
const suspend: UserCommand = { type: 'SuspendMember', workspaceId: w, now };
const resume: UserCommand = { type: 'ResumeMember', workspaceId: w, now };
const remove: UserCommand = { type: 'RemoveMember', workspaceId: w, now };
const changePassword = (how: 'set' | 'changed' | 'reset'): UserCommand => ({ type: 'ChangePassword', how, now });
const enrol = (method: 'totp' | 'email'): UserCommand => ({ type: 'EnrolMfa', method, now });
const disable = (method: 'totp' | 'email'): UserCommand => ({ type: 'DisableMfa', method, now });
const issueCodes: UserCommand = { type: 'IssueRecoveryCodes', count: 10, now };
const useCode: UserCommand = { type: 'UseRecoveryCode', now };
const restoreMailedCodes = (generation: number): UserCommand => ({ type: 'RestoreMailedCodes', generation, now });
const endSessions: UserCommand = { type: 'EndSessions', now };
const lock: UserCommand = { type: 'LockAccount', until: new Date('2026-04-28T12:15:00Z'), now };
const erase: UserCommand = { type: 'EraseUser', now };

const OF_USERS: readonly UserCommand[] = [
  ...[addOwner, changeRole, suspend, resume, remove, changePassword('set'), enrol('totp'), disable('totp')],
  ...[issueCodes, useCode, endSessions, lock],
];

describe('a user', () => {
  it('is registered once', () => {
    given(user, []).when(register).then([registered]);
    given(user, [registered]).when(register).thenThrows('stream.exists');
    given(user, [registered, erased]).when(register).thenThrows('stream.exists');
  });

  it.each([...OF_USERS, erase].map((command) => [command.type, command] as const))(
    'that is not registered takes no %s',
    (_, command) => given(user, []).when(command).thenThrows('user.not_found'),
  );

  it.each(OF_USERS.map((command) => [command.type, command] as const))('that is erased takes no %s', (_, command) =>
    given(user, [registered, owner, erased]).when(command).thenThrows('user.not_found'),
  );
});

describe('a membership', () => {
  it('begins once, with a role', () => {
    given(user, [registered]).when(addOwner).then([owner]);
    given(user, [registered, owner]).when(addOwner).thenThrows('member.exists');
    given(user, [registered, owner, suspended]).when(addOwner).thenThrows('member.exists');
  });

  it('is of one workspace: others are as they were', () => {
    given(user, [registered, roleIn('other', 'member')])
      .when(addOwner)
      .then([owner]);
    given(user, [registered, roleIn('other', 'member')])
      .when(changeRole)
      .thenThrows('member.not_found');
  });

  it('is one of a thousand at most, and one that ends makes room', () => {
    const others = Array.from({ length: MEMBERSHIPS_MAX - 1 }, (_, number) => roleIn(`w${number}`, 'member'));
    given(user, [registered, ...others])
      .when(addOwner)
      .then([owner]);
    given(user, [registered, ...others, roleIn('last', 'member')])
      .when(addOwner)
      .thenThrows('member.too_many');
    given(user, [registered, owner, ...others, removed])
      .when(addOwner)
      .then([owner]);
  });

  it.each([changeRole, suspend, resume, remove].map((command) => [command.type, command] as const))(
    'that there is not takes no %s',
    (_, command) => given(user, [registered]).when(command).thenThrows('member.not_found'),
  );

  it('gets scope sets besides the role, and loses them with the membership (S4-13)', () => {
    const change = (...scopeSetIds: string[]): UserCommand => ({
      ...{ type: 'ChangeMemberScopeSets', workspaceId: w, scopeSetIds, now },
    });
    const changed = (...scopeSetIds: string[]): UserEvent => ({
      type: 'latchkey.user.member_scope_sets_changed.v1',
      data: { workspaceId: 'w', scopeSetIds, changedAt: at },
    });
    given(user, [registered, owner])
      .when(change('s'))
      .then([changed('s')]);
    given(user, [registered, owner, changed('s')])
      .when(change('s'))
      .then([]);
    given(user, [registered, owner, changed('s')])
      .when(change())
      .then([changed()]);
    given(user, [registered]).when(change('s')).thenThrows('member.not_found');
    expect(stateAfter(registered, owner, changed('s'), removed, roleIn('w', 'member'))).toMatchObject({
      memberships: { w: { role: 'member', suspended: false, scopeSetIds: [] } },
    });
  });

  it('gets another role, and the same one again is no change', () => {
    given(user, [registered, owner])
      .when(changeRole)
      .then([roleIn('w', 'admin')]);
    given(user, [registered, owner, roleIn('w', 'admin')])
      .when(changeRole)
      .then([]);
  });

  it('is suspended and resumed, and twice is no change', () => {
    given(user, [registered, owner]).when(suspend).then([suspended]);
    given(user, [registered, owner, suspended]).when(suspend).then([]);
    given(user, [registered, owner, suspended]).when(resume).then([resumed]);
    given(user, [registered, owner]).when(resume).then([]);
  });

  it('that is suspended keeps so when its role changes', () =>
    expect(stateAfter(registered, owner, suspended, roleIn('w', 'admin'))).toMatchObject({
      memberships: { w: { role: 'admin', suspended: true, scopeSetIds: [] } },
    }));

  it('that was removed while suspended begins anew, and is not suspended', () => {
    given(user, [registered, owner, suspended]).when(remove).then([removed]);
    expect(stateAfter(registered, owner, suspended, removed)).toMatchObject({ memberships: {} });
    expect(stateAfter(registered, owner, suspended, removed, roleIn('w', 'member'))).toMatchObject({
      memberships: { w: { role: 'member', suspended: false, scopeSetIds: [] } },
    });
  });
});

describe('a password', () => {
  it('that is the first one ends no sessions, as there are none', () =>
    given(user, [registered])
      .when(changePassword('set'))
      .then([password('set')]));

  it.each(['changed', 'reset'] as const)('that is %s ends all sessions', (how) =>
    given(user, [registered, password('set')])
      .when(changePassword(how))
      .then([password(how), sessionsEnded(1, 'password_changed')]),
  );
});

describe('a second factor', () => {
  it('is enrolled once by method, and ends all sessions', () => {
    given(user, [registered])
      .when(enrol('totp'))
      .then([enrolled('totp'), sessionsEnded(1, 'mfa_changed')]);
    given(user, [registered, enrolled('totp')])
      .when(enrol('email'))
      .then([enrolled('email'), sessionsEnded(1, 'mfa_changed')]);
    given(user, [registered, enrolled('totp')])
      .when(enrol('totp'))
      .thenThrows('mfa.already_enrolled');
  });

  it('is disabled if it is there, and ends all sessions', () => {
    given(user, [registered, enrolled('totp')])
      .when(disable('totp'))
      .then([disabled('totp'), sessionsEnded(1, 'mfa_changed')]);
    given(user, [registered, enrolled('totp')])
      .when(disable('email'))
      .thenThrows('mfa.not_enrolled');
    given(user, [registered, enrolled('totp'), disabled('totp')])
      .when(disable('totp'))
      .thenThrows('mfa.not_enrolled');
  });
});

describe('mailed codes', () => {
  const both = [registered, password('set'), enrolled('totp'), enrolled('email')];
  const methodsAfter = (...events: UserEvent[]) => {
    const state = stateAfter(...events);
    return state.status === 'Active' ? methodsOf(state) : null;
  };

  it('are suspended by a reset by mail, which has shown the mailbox, till something else is shown', () => {
    expect(methodsAfter(...both)).toEqual(['totp', 'email']);
    expect(methodsAfter(...both, password('reset'))).toEqual(['totp']);
    expect(methodsAfter(...both, password('reset'), restored)).toEqual(['totp', 'email']);
  });

  it('are not by a change, which needs a session, nor by a reset of somebody without second factors', () => {
    expect(methodsAfter(...both, password('reset'), password('changed'))).toEqual(['totp', 'email']);
    expect(methodsAfter(registered, password('reset'), enrolled('email'))).toEqual(['email']);
    expect(
      methodsAfter(registered, enrolled('email'), password('reset'), disabled('email'), enrolled('email')),
    ).toEqual(['email']);
  });

  it('are restored once, by who began after the reset', () => {
    const reset = [...both, password('reset'), sessionsEnded(1, 'password_changed')];
    given(user, reset).when(restoreMailedCodes(1)).then([restored]);
    given(user, reset).when(restoreMailedCodes(0)).thenThrows('mfa.challenge_ended');
    given(user, [...reset, restored])
      .when(restoreMailedCodes(1))
      .thenThrows('mfa.challenge_ended');
  });
});

describe('recovery codes', () => {
  it('are issued beside a second factor only', () => {
    given(user, [registered]).when(issueCodes).thenThrows('mfa.not_enrolled');
    given(user, [registered, enrolled('totp')])
      .when(issueCodes)
      .then([codesIssued(10)]);
  });

  it('are used up one by one', () => {
    const withOne = [registered, enrolled('totp'), codesIssued(1)];
    given(user, withOne)
      .when(useCode)
      .then([codeUsed(0)]);
    given(user, [...withOne, codeUsed(0)])
      .when(useCode)
      .thenThrows('mfa.no_recovery_code');
    given(user, [registered, enrolled('totp')])
      .when(useCode)
      .thenThrows('mfa.no_recovery_code');
  });

  it('go with the last second factor, and not before', () => {
    const withBoth = [registered, enrolled('totp'), enrolled('email'), codesIssued(10), disabled('totp')];
    given(user, withBoth)
      .when(useCode)
      .then([codeUsed(9)]);
    given(user, [...withBoth, disabled('email'), enrolled('totp')])
      .when(useCode)
      .thenThrows('mfa.no_recovery_code');
  });
});

describe('the sessions of a user', () => {
  it('end all at once, in generations', () => {
    given(user, [registered])
      .when(endSessions)
      .then([sessionsEnded(1, 'requested')]);
    given(user, [registered, sessionsEnded(1, 'requested'), sessionsEnded(2, 'mfa_changed')])
      .when(endSessions)
      .then([sessionsEnded(3, 'requested')]);
  });

  it('go on when an account is locked: who is signed in has shown who it is', () =>
    given(user, [registered])
      .when(lock)
      .then([
        { type: 'latchkey.user.account_locked.v1', data: { lockedUntil: '2026-04-28T12:15:00.000Z', lockedAt: at } },
      ]));
});

describe('an erased user', () => {
  it('has no sessions and no memberships any more, and is not erased twice', () => {
    given(user, [registered, owner])
      .when(erase)
      .then([sessionsEnded(1, 'erased'), erased]);
    given(user, [registered, owner, sessionsEnded(1, 'erased'), erased])
      .when(erase)
      .then([]);
    expect(stateAfter(registered, owner, sessionsEnded(1, 'erased'), erased)).toEqual({
      status: 'Erased',
      userId: 'u',
      sessionGeneration: 1,
    });
  });
});

describe('several commands as one decision', () => {
  it('are decided each on what those before it have made of the user', () =>
    expect(decideInTurn([register, addOwner, changePassword('set')], initialUser)).toEqual([
      registered,
      owner,
      password('set'),
    ]));

  it('are refused as a whole when one of them is', () =>
    expect(() => decideInTurn([register, addOwner, addOwner], initialUser)).toThrow(
      expect.objectContaining({ code: 'member.exists' }),
    ));
});
