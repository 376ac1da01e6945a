import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { Public, Requires, type Requirement } from '@latchkey/guard';
import { workspaceId, type Clock, type RequestId, type Secret } from '@latchkey/kernel';
import {
  Answers,
  CurrentRequestId,
  ListCursors,
  pageOf,
  pageQuery,
  Refuses,
  zodBody,
  zodQuery,
  type Page,
  type PageQuery,
} from '@latchkey/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Caller } from '../../application/caller';
import type { Seen } from '../../application/session-ports';
import { UserSessions } from '../../application/user-sessions';
import { CurrentCaller } from '../current-caller';
import { takeSessionCookie } from '../session-cookie';
import { CallSeen, ShownToken } from '../session-token';
import { CLOCK } from '../tokens';
import {
  granted,
  grantSchema,
  sessionRecord,
  sessionSchema,
  type GrantRecord,
  type SessionRecord,
} from './session-record';

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
  @Answers(pageOf(sessionSchema))
  @Refuses('request.invalid_cursor')
  async list(
    @Query(zodQuery(pageQuery)) { limit, cursor }: PageQuery,
    @CurrentCaller() caller: Caller,
  ): Promise<Page<SessionRecord>> {
    const user = caller.userId;
    const { items, next } = await this.sessions.list(user, this.cursors.read(LIST, user, cursor), limit);
    return {
      items: items.map((session) => sessionRecord(session, caller.credentialId)),
      next_cursor: next && this.cursors.write(LIST, user, next),
    };
  }

  /** All of one's own, in every workspace, the one in hand too. */
  @Delete()
  @HttpCode(204)
  @Requires(OWN)
  async endAll(@CurrentCaller() caller: Caller, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    await this.sessions.endAll(caller);
    takeSessionCookie(reply);
  }

  @Get(':id')
  @Requires(OWN)
  @Answers(sessionSchema)
  @Refuses('session.not_found')
  async get(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<SessionRecord> {
    const session = await this.sessions.find(caller.userId, id === CURRENT ? caller.credentialId : id);
    return sessionRecord(session, caller.credentialId);
  }

  @Delete(':id')
  @HttpCode(204)
  @Requires(OWN)
  @Refuses('session.not_found')
  async end(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const ended = id === CURRENT ? caller.credentialId : id;
    await this.sessions.end(ended, caller);
    if (ended === caller.credentialId) takeSessionCookie(reply);
  }

  /** For a token that was traded in the check has one answer, and this route others (C32): so it looks at the token itself. */
  @Post('current/refresh')
  @HttpCode(200)
  @Public({ ownPagesOnly: true })
  @Answers(grantSchema)
  @Refuses(
    'request.multiple_credentials',
    'auth.unauthorized',
    'session.ended',
    'session.token_replaced',
    'auth.rate_limited',
  )
  async refresh(
    @ShownToken(['bearer', 'x-api-key', 'cookie']) token: Secret,
    @CallSeen() seen: Seen,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GrantRecord> {
    return granted(reply, await this.sessions.refresh(token, seen, requestId), this.clock.now());
  }

  @Post('current/workspace')
  @HttpCode(200)
  @Requires(OWN)
  @Answers(grantSchema)
  @Refuses('member.not_found', 'session.ended')
  async switchWorkspace(
    @Body(zodBody(switchBody)) body: z.output<typeof switchBody>,
    @CallSeen() seen: Seen,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GrantRecord> {
    return granted(reply, await this.sessions.switchTo(body.workspace_id, caller, seen), this.clock.now());
  }
}
