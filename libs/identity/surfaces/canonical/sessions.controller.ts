import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { Principal } from '@latchkey/contracts';
import { CurrentPrincipal, Public, Requires, type Requirement } from '@latchkey/guard';
import { userId, workspaceId, type Clock, type RequestId, type Secret } from '@latchkey/kernel';
import { CurrentRequestId, pageQuery, zodBody, zodQuery, type Page, type PageQuery } from '@latchkey/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Seen, SessionGrant } from '../../application/session-ports';
import { UserSessions } from '../../application/user-sessions';
import { callerOf } from '../caller-of';
import { giveSessionCookie, takeSessionCookie } from '../session-cookie';
import { CallSeen, ShownToken } from '../session-token';
import { CLOCK } from '../tokens';
import { ListCursors } from './list-cursors';
import { grantRecord, sessionRecord, type GrantRecord, type SessionRecord } from './session-record';

/** One's own sessions, by a session: whoever is without a second factor may still see and end them. */
const OWN: Requirement = { scopes: [], credentials: ['session'], secondFactor: 'exempt' };
const LIST = 'sessions';
const CURRENT = 'current';

const switchBody = z.strictObject({ workspace_id: z.string().min(1).max(100).transform(workspaceId) });

@Controller('api/v1/sessions')
export class SessionsController {
  constructor(
    private readonly sessions: UserSessions,
    private readonly cursors: ListCursors,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @Requires(OWN)
  async list(
    @Query(zodQuery(pageQuery)) { limit, cursor }: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<SessionRecord>> {
    const user = userId(principal.user_id);
    const { items, next } = await this.sessions.list(user, this.cursors.read(LIST, user, cursor), limit);
    return {
      items: items.map((session) => sessionRecord(session, principal.id)),
      next_cursor: next && this.cursors.write(LIST, user, next),
    };
  }

  /** All of one's own, in every workspace, the one in hand too. */
  @Delete()
  @HttpCode(204)
  @Requires(OWN)
  async endAll(
    @CurrentPrincipal() principal: Principal,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.sessions.endAll(callerOf(principal, requestId));
    takeSessionCookie(reply);
  }

  @Get(':id')
  @Requires(OWN)
  async get(@Param('id') id: string, @CurrentPrincipal() principal: Principal): Promise<SessionRecord> {
    const session = await this.sessions.find(userId(principal.user_id), id === CURRENT ? principal.id : id);
    return sessionRecord(session, principal.id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires(OWN)
  async end(
    @Param('id') id: string,
    @CurrentPrincipal() principal: Principal,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const ended = id === CURRENT ? principal.id : id;
    await this.sessions.end(ended, callerOf(principal, requestId));
    if (ended === principal.id) takeSessionCookie(reply);
  }

  /** For a token that was traded in the check has one answer, and this route others (C32): so it looks at the token itself. */
  @Post('current/refresh')
  @HttpCode(200)
  @Public({ ownPagesOnly: true })
  async refresh(
    @ShownToken(['bearer', 'x-api-key', 'cookie']) token: Secret,
    @CallSeen() seen: Seen,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GrantRecord> {
    return this.granted(await this.sessions.refresh(token, seen, requestId), reply);
  }

  @Post('current/workspace')
  @HttpCode(200)
  @Requires(OWN)
  async switchWorkspace(
    @Body(zodBody(switchBody)) body: z.output<typeof switchBody>,
    @CallSeen() seen: Seen,
    @CurrentPrincipal() principal: Principal,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GrantRecord> {
    return this.granted(await this.sessions.switchTo(body.workspace_id, callerOf(principal, requestId), seen), reply);
  }

  private granted(grant: SessionGrant, reply: FastifyReply): GrantRecord {
    giveSessionCookie(reply, grant.token, grant.expiresAt, this.clock.now());
    return grantRecord(grant);
  }
}
