import type { InvitationEvent } from '@latchkey/contracts';
import { userId, workspaceId } from '@latchkey/kernel';
import { given } from '@latchkey/testing';
import {
  decideInvitation,
  evolveInvitation,
  initialInvitation,
  type InvitationCommand,
  type InvitationState,
} from './invitation';

const now = new Date('2026-04-28T12:00:00Z');
const at = now.toISOString();
const expiresAt = new Date('2026-05-05T12:00:00Z');
const invitation = { initialState: initialInvitation, decide: decideInvitation, evolve: evolveInvitation };

const created: InvitationEvent = {
  type: 'latchkey.invitation.created.v1',
  data: { invitationId: 'i', workspaceId: 'w', role: 'member', expiresAt: expiresAt.toISOString(), createdAt: at },
};
const accepted: InvitationEvent = {
  type: 'latchkey.invitation.accepted.v1',
  data: { userId: 'u', acceptedAt: at },
};
const withdrawn: InvitationEvent = { type: 'latchkey.invitation.withdrawn.v1', data: { withdrawnAt: at } };

const create: InvitationCommand = {
  ...{ type: 'CreateInvitation', invitationId: 'i', workspaceId: workspaceId('w'), role: 'member', expiresAt, now },
};
const acceptAt = (time: Date): InvitationCommand => ({ type: 'AcceptInvitation', userId: userId('u'), now: time });
const accept = acceptAt(now);
const withdraw: InvitationCommand = { type: 'WithdrawInvitation', now };

describe('an invitation', () => {
  it('is created once', () => {
    given(invitation, []).when(create).then([created]);
    given(invitation, [created]).when(create).thenThrows('stream.exists');
  });

  it('is accepted once, and not after it was withdrawn', () => {
    given(invitation, [created]).when(accept).then([accepted]);
    given(invitation, [created, accepted]).when(accept).thenThrows('invitation.ended');
    given(invitation, [created, withdrawn]).when(accept).thenThrows('invitation.ended');
  });

  it('is accepted until the moment when it expires', () => {
    given(invitation, [created])
      .when(acceptAt(new Date(expiresAt.getTime() - 1)))
      .then([{ ...accepted, data: { userId: 'u', acceptedAt: '2026-05-05T11:59:59.999Z' } }]);
    given(invitation, [created]).when(acceptAt(expiresAt)).thenThrows('invitation.ended');
  });

  it('is withdrawn, and twice is no change; one that was accepted is not', () => {
    given(invitation, [created]).when(withdraw).then([withdrawn]);
    given(invitation, [created, withdrawn]).when(withdraw).then([]);
    given(invitation, [created, accepted]).when(withdraw).thenThrows('invitation.ended');
  });

  it('that there is not is neither accepted nor withdrawn', () => {
    given(invitation, []).when(accept).thenThrows('invitation.not_found');
    given(invitation, []).when(withdraw).thenThrows('invitation.not_found');
  });

  it('says where it leads to, and as what', () =>
    expect(evolveInvitation(initialInvitation, created)).toEqual<InvitationState>({
      status: 'Open',
      workspaceId: workspaceId('w'),
      role: 'member',
      expiresAt,
    }));
});
