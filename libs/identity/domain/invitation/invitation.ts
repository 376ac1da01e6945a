import { AppError, assertNever, workspaceId, type UserId, type WorkspaceId } from '@latchkey/kernel';
import type { InvitationEvent, Role } from '@latchkey/contracts';

/** Whom it invites is kept beside it, where it can be erased. */
export interface CreateInvitation {
  readonly type: 'CreateInvitation';
  readonly invitationId: string;
  readonly workspaceId: WorkspaceId;
  readonly role: Role;
  readonly expiresAt: Date;
  readonly now: Date;
}
export interface AcceptInvitation {
  readonly type: 'AcceptInvitation';
  readonly userId: UserId;
  readonly now: Date;
}
export interface WithdrawInvitation {
  readonly type: 'WithdrawInvitation';
  readonly now: Date;
}

export type InvitationCommand = CreateInvitation | AcceptInvitation | WithdrawInvitation;

export interface OpenInvitation {
  readonly status: 'Open';
  readonly workspaceId: WorkspaceId;
  readonly role: Role;
  readonly expiresAt: Date;
}

export type InvitationState = { readonly status: 'None' | 'Accepted' | 'Withdrawn' } | OpenInvitation;

export const initialInvitation: InvitationState = { status: 'None' };

/** @throws AppError `stream.exists`, `invitation.not_found`, `invitation.ended` when it was accepted, withdrawn or has expired. */
export function decideInvitation(command: InvitationCommand, state: InvitationState): readonly InvitationEvent[] {
  const at = command.now.toISOString();
  switch (command.type) {
    case 'CreateInvitation': {
      if (state.status !== 'None') throw new AppError('stream.exists');
      const { invitationId, role, expiresAt } = command;
      const data = { invitationId, workspaceId: command.workspaceId, role, expiresAt: expiresAt.toISOString() };
      return [{ type: 'latchkey.invitation.created.v1', data: { ...data, createdAt: at } }];
    }
    case 'AcceptInvitation':
      if (open(state).expiresAt <= command.now) throw new AppError('invitation.ended');
      return [{ type: 'latchkey.invitation.accepted.v1', data: { userId: command.userId, acceptedAt: at } }];
    case 'WithdrawInvitation':
      if (state.status === 'Withdrawn') return [];
      open(state);
      return [{ type: 'latchkey.invitation.withdrawn.v1', data: { withdrawnAt: at } }];
    default:
      return assertNever(command);
  }
}

function open(state: InvitationState): OpenInvitation {
  if (state.status === 'None') throw new AppError('invitation.not_found');
  if (state.status !== 'Open') throw new AppError('invitation.ended');
  return state;
}

export function evolveInvitation(state: InvitationState, event: InvitationEvent): InvitationState {
  switch (event.type) {
    case 'latchkey.invitation.created.v1': {
      const { role, expiresAt } = event.data;
      const workspace = workspaceId(event.data.workspaceId);
      return { status: 'Open', workspaceId: workspace, role, expiresAt: new Date(expiresAt) };
    }
    case 'latchkey.invitation.accepted.v1':
      return { status: 'Accepted' };
    case 'latchkey.invitation.withdrawn.v1':
      return { status: 'Withdrawn' };
    default:
      return assertNever(event);
  }
}
