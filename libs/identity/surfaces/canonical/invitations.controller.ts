import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { roleSchema } from '@latchkey/contracts';
import { Public, Requires, type Requirement } from '@latchkey/guard';
import { type RequestId } from '@latchkey/kernel';
import {
  Answers,
  CurrentRequestId,
  displayName,
  ListCursors,
  pageOf,
  pageQuery,
  Refuses,
  timestamp,
  timestampText,
  zodBody,
  zodQuery,
  type Page,
  type PageQuery,
  type Reply,
} from '@latchkey/platform';
import { z } from 'zod';
import type { Caller } from '../../application/caller';
import { AcceptInvitationHandler } from '../../application/accept-invitation.handler';
import { InviteHandler, type InvitationRequest } from '../../application/invite.handler';
import type { Invitation } from '../../application/ports';
import { ReadInvitationsQuery } from '../../application/read-invitations.query';
import type { Seen } from '../../application/session-ports';
import { WithdrawInvitationHandler } from '../../application/withdraw-invitation.handler';
import { email, secretText } from '../bodies';
import { CurrentCaller } from '../current-caller';
import { ClientGone } from '../client-gone';
import { CallSeen } from '../session-token';
import { userRecord, userSchema } from './users.controller';

const READ: Requirement = { scopes: ['users:read'], credentials: ['api_key', 'session', 'client'] };
const WRITE: Requirement = { scopes: ['users:write'], credentials: ['api_key', 'session', 'client'] };
const LIST = 'invitations';

const inviteBody = z.strictObject({ email, role: roleSchema });
const acceptBody = z.strictObject({
  token: secretText,
  password: secretText.optional(),
  name: displayName.optional(),
});

/** The token is in the mail alone: who invites cannot accept in another's name. */
const invitationSchema = z
  .strictObject({
    id: z.string(),
    email: z.string(),
    role: roleSchema,
    /** Id of the user who invited. */
    invited_by: z.string(),
    created_at: timestampText,
    expires_at: timestampText,
  })
  .meta({ id: 'Invitation' });

type InvitationRecord = Reply<typeof invitationSchema>;

const invitationRecord = (invitation: Invitation): InvitationRecord => ({
  id: invitation.invitationId,
  email: invitation.email.written,
  role: invitation.role,
  invited_by: invitation.invitedBy,
  created_at: timestamp(invitation.createdAt),
  expires_at: timestamp(invitation.expiresAt),
});

const acceptedSchema = z.strictObject({ workspace_id: z.string(), user: userSchema });

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
  @Answers(invitationSchema)
  @Refuses('member.exists', 'claim.taken')
  async create(
    @Body(zodBody(inviteBody)) request: InvitationRequest,
    @CurrentCaller() caller: Caller,
  ): Promise<InvitationRecord> {
    return invitationRecord(await this.invite.execute(request, caller));
  }

  @Get()
  @Requires(READ)
  @Answers(pageOf(invitationSchema))
  @Refuses('request.invalid_cursor')
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
  @Refuses('invitation.not_found', 'invitation.ended')
  async withdraw(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.withdrawInvitation.execute(id, caller);
  }

  /** For whoever holds the token. It opens no session. */
  @Post('accept')
  @HttpCode(200)
  @Public()
  @Answers(acceptedSchema)
  @Refuses(
    'invitation.not_found',
    'invitation.ended',
    'password.refused',
    'member.exists',
    'member.too_many',
    'auth.rate_limited',
  )
  async accept(
    @Body(zodBody(acceptBody)) body: z.output<typeof acceptBody>,
    @CallSeen() { ip }: Seen,
    @CurrentRequestId() requestId: RequestId,
    @ClientGone() signal: AbortSignal,
  ): Promise<Reply<typeof acceptedSchema>> {
    const { invitation, member } = await this.acceptInvitation.execute({
      ...body,
      ip: ip ?? undefined,
      requestId,
      signal,
    });
    return { workspace_id: invitation.workspaceId, user: userRecord(member) };
  }
}
