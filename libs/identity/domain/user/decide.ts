import { sameList } from '@latchkey/access';
import { AppError, assertNever } from '@latchkey/kernel';
import type { UserEvent } from '@latchkey/contracts';
import type { AddMember, ChangeMemberRole, DisableMfa, EnrolMfa, UserCommand } from './commands';
import { evolveUser, type ActiveUser, type Membership, type UserState } from './user';

type EndReason = Extract<UserEvent, { type: 'latchkey.user.sessions_ended.v1' }>['data']['reason'];

/** Of one user: all of them are in the user's state, which is copied with each change. */
export const MEMBERSHIPS_MAX = 1_000;

/**
 * That a workspace keeps an owner is no rule of one user, so it is not here.
 * @throws AppError `stream.exists` when registered already, `user.not_found`, `member.exists`, `member.too_many`, `member.not_found`, `mfa.already_enrolled`, `mfa.not_enrolled`,
 * `mfa.no_recovery_code`, `mfa.challenge_ended`
 */
export function decideUser(command: UserCommand, state: UserState): readonly UserEvent[] {
  if (command.type === 'RegisterUser') {
    if (state.status !== 'None') throw new AppError('stream.exists');
    const { userId, now } = command;
    return [{ type: 'latchkey.user.registered.v1', data: { userId, registeredAt: now.toISOString() } }];
  }
  if (state.status === 'Erased' && command.type === 'EraseUser') return [];
  if (state.status !== 'Active') throw new AppError('user.not_found');
  return decideActive(command, state);
}

/** Several commands as one decision, each on what those before it have made of the user. */
export function decideInTurn(commands: readonly UserCommand[], state: UserState): readonly UserEvent[] {
  const events: UserEvent[] = [];
  for (const command of commands) events.push(...decideUser(command, events.reduce(evolveUser, state)));
  return events;
}

function decideActive(command: Exclude<UserCommand, { type: 'RegisterUser' }>, user: ActiveUser): readonly UserEvent[] {
  const at = command.now.toISOString();
  switch (command.type) {
    case 'AddMember':
      if (user.memberships[command.workspaceId]) throw new AppError('member.exists');
      if (Object.keys(user.memberships).length >= MEMBERSHIPS_MAX) throw new AppError('member.too_many');
      return [roleChanged(command, at)];
    case 'ChangeMemberRole':
      return membershipOf(user, command.workspaceId).role === command.role ? [] : [roleChanged(command, at)];
    case 'ChangeMemberScopeSets': {
      const { workspaceId, scopeSetIds } = command;
      if (sameList(membershipOf(user, workspaceId).scopeSetIds, scopeSetIds)) return [];
      const data = { workspaceId, scopeSetIds, changedAt: at };
      return [{ type: 'latchkey.user.member_scope_sets_changed.v1', data }];
    }
    case 'RemoveMember': {
      membershipOf(user, command.workspaceId);
      return [{ type: 'latchkey.user.member_removed.v1', data: { workspaceId: command.workspaceId, removedAt: at } }];
    }
    case 'SuspendMember': {
      if (membershipOf(user, command.workspaceId).suspended) return [];
      return [{ type: 'latchkey.user.suspended.v1', data: { workspaceId: command.workspaceId, suspendedAt: at } }];
    }
    case 'ResumeMember': {
      if (!membershipOf(user, command.workspaceId).suspended) return [];
      return [{ type: 'latchkey.user.resumed.v1', data: { workspaceId: command.workspaceId, resumedAt: at } }];
    }
    case 'ChangePassword': {
      const changed = { type: 'latchkey.user.password_changed.v1', data: { how: command.how, changedAt: at } } as const;
      return user.hasPassword ? [changed, sessionsEnded(user, 'password_changed', at)] : [changed];
    }
    case 'EnrolMfa':
      return enrol(command, user, at);
    case 'DisableMfa':
      return disable(command, user, at);
    case 'IssueRecoveryCodes':
      if (user.mfa.length === 0) throw new AppError('mfa.not_enrolled');
      return [{ type: 'latchkey.user.recovery_codes_issued.v1', data: { count: command.count, issuedAt: at } }];
    case 'UseRecoveryCode':
      if (user.recoveryCodes === 0) throw new AppError('mfa.no_recovery_code');
      return [{ type: 'latchkey.user.recovery_code_used.v1', data: { remaining: user.recoveryCodes - 1, usedAt: at } }];
    case 'RestoreMailedCodes':
      // They were restored already, or the password was set by a mail once more.
      if (!user.mailedCodesSuspended || user.sessionGeneration !== command.generation)
        throw new AppError('mfa.challenge_ended');
      return [{ type: 'latchkey.user.mailed_codes_restored.v1', data: { restoredAt: at } }];
    case 'EndSessions':
      return [sessionsEnded(user, 'requested', at)];
    case 'LockAccount':
      return [
        {
          type: 'latchkey.user.account_locked.v1',
          data: { lockedUntil: command.until.toISOString(), lockedAt: at },
        },
      ];
    case 'EraseUser':
      return [sessionsEnded(user, 'erased', at), { type: 'latchkey.user.erased.v1', data: { erasedAt: at } }];
    default:
      return assertNever(command);
  }
}

function enrol({ method }: EnrolMfa, user: ActiveUser, at: string): readonly UserEvent[] {
  if (user.mfa.includes(method)) throw new AppError('mfa.already_enrolled');
  return [
    { type: 'latchkey.user.mfa_enrolled.v1', data: { method, enrolledAt: at } },
    sessionsEnded(user, 'mfa_changed', at),
  ];
}

function disable({ method }: DisableMfa, user: ActiveUser, at: string): readonly UserEvent[] {
  if (!user.mfa.includes(method)) throw new AppError('mfa.not_enrolled');
  return [
    { type: 'latchkey.user.mfa_disabled.v1', data: { method, disabledAt: at } },
    sessionsEnded(user, 'mfa_changed', at),
  ];
}

const roleChanged = ({ workspaceId, role }: AddMember | ChangeMemberRole, at: string): UserEvent => ({
  type: 'latchkey.user.member_role_changed.v1',
  data: { workspaceId, role, changedAt: at },
});

function membershipOf(user: ActiveUser, workspaceId: string): Membership {
  const membership = user.memberships[workspaceId];
  if (!membership) throw new AppError('member.not_found');
  return membership;
}

const sessionsEnded = (user: ActiveUser, reason: EndReason, at: string): UserEvent => ({
  type: 'latchkey.user.sessions_ended.v1',
  data: { generation: user.sessionGeneration + 1, reason, endedAt: at },
});
