import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import type { Role } from '@latchkey/contracts';
import { Public, Requires, type Requirement } from '@latchkey/guard';
import { type RequestId } from '@latchkey/kernel';
import {
  CurrentRequestId,
  displayName,
  ListCursors,
  pageQuery,
  timestamp,
  zodBody,
  zodQuery,
  type Page,
  type PageQuery,
} from '@latchkey/platform';
import { z } from 'zod';
import type { Caller } from '../../application/caller';
import { AcceptInvitationHandler } from '../../application/accept-invitation.handler';
import { InviteHandler, type InvitationRequest } from '../../application/invite.handler';
import type { Invitation } from '../../application/ports';
import { ReadInvitationsQuery } from '../../application/read-invitations.query';
import type { Seen } from '../../application/session-ports';
import { WithdrawInvitationHandler } from '../../application/withdraw-invitation.handler';
import { email, role, secretText } from '../bodies';
import { CurrentCaller } from '../current-caller';
import { ClientGone } from '../client-gone';
import { CallSeen } from '../session-token';
import { userRecord, type UserRecord } from './users.controller';

const READ: Requirement = { scopes: ['users:read'], credentials: ['api_key', 'session', 'client'] };
const WRITE: Requirement = { scopes: ['users:write'], credentials: ['api_key', 'session', 'client'] };
const LIST = 'invitations';

const inviteBody = z.strictObject({ email, role });
const acceptBody = z.strictObject({
  token: secretText,
  password: secretText.optional(),
  name: displayName.optional(),
});

/** The token is in the mail alone: who invites cannot accept in another's name. */
interface InvitationRecord {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  /** Id of the user who invited. */
  readonly invited_by: string;
  readonly created_at: string;
  readonly expires_at: string;
}

const invitationRecord = (invitation: Invitation): InvitationRecord => ({
  id: invitation.invitationId,
  email: invitation.email.written,
  role: invitation.role,
  invited_by: invitation.invitedBy,
  created_at: timestamp(invitation.createdAt),
  expires_at: timestamp(invitation.expiresAt),
});

interface AcceptedRecord {
  readonly workspace_id: string;
  readonly user: UserRecord;
}

/** Invitations into the caller's workspace. */
@Controller('api/v1/invitations')
export class InvitationsController {
  constructor(
    private readonly invite: InviteHandler,
    private readonly withdrawInvitation: WithdrawInvitationHandler,
    private readonly acceptInvitation: AcceptInvitationHandler,
    private readonly invitations: ReadInvitationsQuery,
    private readonly cursors: ListCursors,
  ) {}

  @Post()
  @Requires(WRITE)
  async create(
    @Body(zodBody(inviteBody)) request: InvitationRequest,
    @CurrentCaller() caller: Caller,
  ): Promise<InvitationRecord> {
    return invitationRecord(await this.invite.execute(request, caller));
  }

  @Get()
  @Requires(READ)
  async list(
    @Query(zodQuery(pageQuery)) { limit, cursor }: PageQuery,
    @CurrentCaller() caller: Caller,
  ): Promise<Page<InvitationRecord>> {
    const workspace = caller.workspaceId;
    const { items, next } = await this.invitations.after(workspace, this.cursors.read(LIST, workspace, cursor), limit);
    return { items: items.map(invitationRecord), next_cursor: next && this.cursors.write(LIST, workspace, next) };
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires(WRITE)
  async withdraw(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.withdrawInvitation.execute(id, caller);
  }

  /** For whoever holds the token. It opens no session. */
  @Post('accept')
  @HttpCode(200)
  @Public()
  async accept(
    @Body(zodBody(acceptBody)) body: z.output<typeof acceptBody>,
    @CallSeen() { ip }: Seen,
    @CurrentRequestId() requestId: RequestId,
    @ClientGone() signal: AbortSignal,
  ): Promise<AcceptedRecord> {
    const { invitation, member } = await this.acceptInvitation.execute({
      ...body,
      ip: ip ?? undefined,
      requestId,
      signal,
    });
    return { workspace_id: invitation.workspaceId, user: userRecord(member) };
  }
}
