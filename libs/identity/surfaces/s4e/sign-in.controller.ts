import { Body, Controller, HttpCode, Inject, Post, Res } from '@nestjs/common';
import type { MfaMethod, Role } from '@latchkey/contracts';
import { Public } from '@latchkey/guard';
import type { Clock, RequestId } from '@latchkey/kernel';
import { CurrentRequestId, zodBody } from '@latchkey/platform';
import type { FastifyReply } from 'fastify';
import type { Seen } from '../../application/session-ports';
import { SignInHandler } from '../../application/sign-in.handler';
import { ClientGone } from '../client-gone';
import { giveSessionCookie } from '../session-cookie';
import { CallSeen } from '../session-token';
import { signInBody, type SignInBody } from '../sign-in-body';
import { CLOCK } from '../tokens';

type SignInReply =
  /** S2-04. */
  | {
      readonly status: 'success';
      readonly data: {
        readonly token: string;
        readonly user: { readonly id: number; readonly email: string; readonly role: Role };
      };
    }
  /** S2-10. */
  | {
      readonly status: 'mfa_required';
      readonly data: { readonly mfa_token: string; readonly methods: readonly MfaMethod[] };
    };

/** Where a session begins (S1-12, S1-13, S2-04, S2-10). Its reply sets a cookie, so no page of another site may ask for it. */
@Controller('api/user/auth')
@Public({ ownPagesOnly: true })
export class S4eSignInController {
  constructor(
    private readonly signIn: SignInHandler,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post('login')
  @HttpCode(200)
  async logIn(
    @Body(zodBody(signInBody)) body: SignInBody,
    @CallSeen() seen: Seen,
    @ClientGone() signal: AbortSignal,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignInReply> {
    const signedIn = await this.signIn.execute({ ...body, seen, signal, requestId });
    void reply.header('cache-control', 'no-store');
    if (signedIn.kind === 'mfa_required') {
      const { token, methods } = signedIn.challenge;
      return { status: 'mfa_required', data: { mfa_token: token.reveal(), methods } };
    }
    const { session, contact, entry } = signedIn;
    giveSessionCookie(reply, session.token, session.expiresAt, this.clock.now());
    const user = { id: contact.number, email: contact.email, role: entry.role };
    return { status: 'success', data: { token: session.token.reveal(), user } };
  }
}
