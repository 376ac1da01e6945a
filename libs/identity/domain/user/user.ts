import { assertNever, userId, type UserId } from '@latchkey/kernel';
import type { MfaMethod, Role, UserEvent } from '@latchkey/contracts';

export interface Membership {
  readonly role: Role;
  readonly suspended: boolean;
  /** What the member has been given besides the role. */
  readonly scopeSetIds: readonly string[];
}

export interface ActiveUser {
  readonly status: 'Active';
  readonly userId: UserId;
  /** By workspace id. */
  readonly memberships: Readonly<Record<string, Membership>>;
  readonly hasPassword: boolean;
  /** Second factors, in the order in which they were enrolled. Empty: a password is enough. */
  readonly mfa: readonly MfaMethod[];
  /** How many recovery codes are left. */
  readonly recoveryCodes: number;
  /** Who set the password by a mail has shown the mailbox: a mailed code would show it again, so none is taken till something else was shown. */
  readonly mailedCodesSuspended: boolean;
  /** Sessions of an earlier generation have ended. */
  readonly sessionGeneration: number;
}

/** Nothing is known any more of who this was, and nothing can be done in its name. */
export interface ErasedUser {
  readonly status: 'Erased';
  readonly userId: UserId;
  readonly sessionGeneration: number;
}

export type UserState = { readonly status: 'None' } | ActiveUser | ErasedUser;

export const initialUser: UserState = { status: 'None' };

export function evolveUser(state: UserState, event: UserEvent): UserState {
  if (event.type === 'latchkey.user.registered.v1') return registered(event.data.userId);
  return state.status === 'Active' ? evolveActive(state, event) : state;
}

const registered = (id: string): ActiveUser => ({
  status: 'Active',
  userId: userId(id),
  memberships: {},
  hasPassword: false,
  mfa: [],
  recoveryCodes: 0,
  mailedCodesSuspended: false,
  sessionGeneration: 0,
});

function evolveActive(user: ActiveUser, event: Exclude<UserEvent, { type: 'latchkey.user.registered.v1' }>): UserState {
  switch (event.type) {
    case 'latchkey.user.member_role_changed.v1':
      return withMembership(user, event.data.workspaceId, { role: event.data.role });
    case 'latchkey.user.member_scope_sets_changed.v1':
      return withMembership(user, event.data.workspaceId, { scopeSetIds: event.data.scopeSetIds });
    case 'latchkey.user.suspended.v1':
      return withMembership(user, event.data.workspaceId, { suspended: true });
    case 'latchkey.user.resumed.v1':
      return withMembership(user, event.data.workspaceId, { suspended: false });
    case 'latchkey.user.member_removed.v1':
      return { ...user, memberships: without(user.memberships, event.data.workspaceId) };
    case 'latchkey.user.password_changed.v1':
      // Without second factors there is nobody whom it keeps out.
      return { ...user, hasPassword: true, mailedCodesSuspended: event.data.how === 'reset' && user.mfa.length > 0 };
    case 'latchkey.user.mfa_enrolled.v1':
      return { ...user, mfa: [...user.mfa, event.data.method] };
    case 'latchkey.user.mfa_disabled.v1':
      return withoutMfa(user, event.data.method);
    case 'latchkey.user.recovery_codes_issued.v1':
      return { ...user, recoveryCodes: event.data.count };
    case 'latchkey.user.recovery_code_used.v1':
      return { ...user, recoveryCodes: event.data.remaining };
    case 'latchkey.user.mailed_codes_restored.v1':
      return { ...user, mailedCodesSuspended: false };
    case 'latchkey.user.sessions_ended.v1':
      return { ...user, sessionGeneration: event.data.generation };
    case 'latchkey.user.account_locked.v1':
      return user;
    case 'latchkey.user.erased.v1':
      return { status: 'Erased', userId: user.userId, sessionGeneration: user.sessionGeneration };
    default:
      return assertNever(event);
  }
}

/** Recovery codes stand in for a second factor: without one there is nothing that they could stand in for, nor anything to suspend. */
function withoutMfa(user: ActiveUser, disabled: MfaMethod): ActiveUser {
  const mfa = user.mfa.filter((method) => method !== disabled);
  return mfa.length === 0 ? { ...user, mfa, recoveryCodes: 0, mailedCodesSuspended: false } : { ...user, mfa };
}

/** What the user may show beside the password now. Recovery codes are not listed: they stand in for any. */
export const methodsOf = ({ mfa, mailedCodesSuspended }: ActiveUser): readonly MfaMethod[] =>
  mailedCodesSuspended ? mfa.filter((method) => method !== 'email') : mfa;

/** What a member may do at least, before it was said. */
const NEW_MEMBER: Membership = { role: 'member', suspended: false, scopeSetIds: [] };

function withMembership(user: ActiveUser, workspaceId: string, change: Partial<Membership>): ActiveUser {
  const before = user.memberships[workspaceId] ?? NEW_MEMBER;
  return { ...user, memberships: { ...user.memberships, [workspaceId]: { ...before, ...change } } };
}

const without = (memberships: ActiveUser['memberships'], workspaceId: string): ActiveUser['memberships'] =>
  Object.fromEntries(Object.entries(memberships).filter(([id]) => id !== workspaceId));
