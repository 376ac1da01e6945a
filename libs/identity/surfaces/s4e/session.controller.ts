import { Controller, HttpCode, Inject, Post, Res } from '@nestjs/common';
import type { CredentialForm } from '@latchkey/access';
import { Public } from '@latchkey/guard';
import type { Clock, RequestId, Secret } from '@latchkey/kernel';
import { Answers, CurrentRequestId, Refuses, type Reply } from '@latchkey/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Seen } from '../../application/session-ports';
import { UserSessions } from '../../application/user-sessions';
import { giveSessionCookie, takeSessionCookie } from '../session-cookie';
import { CallSeen, ShownToken } from '../session-token';
import { CLOCK } from '../tokens';

/** Where the documents put a session's token (S1-13, S2-06). */
const FORMS: readonly CredentialForm[] = ['bearer', 'x-api-key', 'cookie', 'query'];

const refreshed = z.strictObject({ status: z.string(), data: z.strictObject({ token: z.string() }) });
const loggedOut = z.strictObject({ status: z.string(), message: z.string() });

/** What becomes of a session once it is there (S2-08, S2-09). Both look at the token themselves: one that has ended shall be told so. */
@Controller('api/user/auth')
@Public({ ownPagesOnly: true })
export class S4eSessionController {
  constructor(
    private readonly sessions: UserSessions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post('refresh')
  @HttpCode(200)
  @Answers(refreshed)
  @Refuses(
    'request.multiple_credentials',
    'auth.unauthorized',
    'session.ended',
    'session.token_replaced',
    'auth.rate_limited',
  )
  async refresh(
    @ShownToken(FORMS) token: Secret,
    @CallSeen() seen: Seen,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Reply<typeof refreshed>> {
    const grant = await this.sessions.refresh(token, seen, requestId);
    giveSessionCookie(reply, grant, this.clock.now());
    return { status: 'success', data: { token: grant.token.reveal() } };
  }

  @Post('logout')
  @HttpCode(200)
  @Answers(loggedOut)
  @Refuses('request.multiple_credentials', 'auth.unauthorized', 'session.ended')
  async logOut(
    @ShownToken(FORMS) token: Secret,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Reply<typeof loggedOut>> {
    // Whatever becomes of it, the browser shall not keep it.
    takeSessionCookie(reply);
    await this.sessions.logOut(token, requestId);
    return { status: 'success', message: 'Logged out.' };
  }
}
