import type { UserId, WorkspaceId } from '@latchkey/kernel';
import type { MfaMethod, Role, UserEvent } from '@latchkey/contracts';

interface At {
  readonly now: Date;
}
interface InWorkspace extends At {
  readonly workspaceId: WorkspaceId;
}

export type RegisterUser = At & { readonly type: 'RegisterUser'; readonly userId: UserId };

export type AddMember = InWorkspace & { readonly type: 'AddMember'; readonly role: Role };
export type ChangeMemberRole = InWorkspace & { readonly type: 'ChangeMemberRole'; readonly role: Role };
/** All that the member has been given besides the role, at most 20. */
export type ChangeMemberScopeSets = InWorkspace & {
  readonly type: 'ChangeMemberScopeSets';
  readonly scopeSetIds: readonly string[];
};
export type RemoveMember = InWorkspace & { readonly type: 'RemoveMember' };
/** In one workspace: what the user does in others is theirs. */
export type SuspendMember = InWorkspace & { readonly type: 'SuspendMember' };
export type ResumeMember = InWorkspace & { readonly type: 'ResumeMember' };

/** All sessions end with it, except that a first password ends none. */
export type ChangePassword = At & {
  readonly type: 'ChangePassword';
  readonly how: Extract<UserEvent, { type: 'latchkey.user.password_changed.v1' }>['data']['how'];
};

/** After the user has shown a first code. All sessions end with it. */
export type EnrolMfa = At & { readonly type: 'EnrolMfa'; readonly method: MfaMethod };
/** With the last second factor the recovery codes go too. All sessions end with it. */
export type DisableMfa = At & { readonly type: 'DisableMfa'; readonly method: MfaMethod };
/** Those that were there before are no more. */
export type IssueRecoveryCodes = At & { readonly type: 'IssueRecoveryCodes'; readonly count: number };
/** The user has shown a second factor that is no mail, to whoever began when the sessions had this generation. */
export type RestoreMailedCodes = At & { readonly type: 'RestoreMailedCodes'; readonly generation: number };
export type UseRecoveryCode = At & { readonly type: 'UseRecoveryCode' };

export type EndSessions = At & { readonly type: 'EndSessions' };
export type LockAccount = At & { readonly type: 'LockAccount'; readonly until: Date };
export type EraseUser = At & { readonly type: 'EraseUser' };

export type UserCommand =
  | RegisterUser
  | AddMember
  | ChangeMemberRole
  | ChangeMemberScopeSets
  | RemoveMember
  | SuspendMember
  | ResumeMember
  | ChangePassword
  | EnrolMfa
  | DisableMfa
  | IssueRecoveryCodes
  | UseRecoveryCode
  | RestoreMailedCodes
  | EndSessions
  | LockAccount
  | EraseUser;
