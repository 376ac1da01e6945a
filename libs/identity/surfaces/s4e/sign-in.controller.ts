import { Body, Controller, HttpCode, Inject, Post, Res } from '@nestjs/common';
import type { MfaMethod, Role } from '@latchkey/contracts';
import { Public } from '@latchkey/guard';
import type { Clock, RequestId } from '@latchkey/kernel';
import { CurrentRequestId, zodBody } from '@latchkey/platform';
import type { FastifyReply } from 'fastify';
import type { Seen } from '../../application/session-ports';
import type { ShownCode } from '../../application/second-factor-check';
import { SignInHandler, type SignedInWithSession } from '../../application/sign-in.handler';
import { VerifyMfaHandler } from '../../application/verify-mfa.handler';
import { ClientGone } from '../client-gone';
import { mfaBody } from '../mfa-body';
import { giveSessionCookie } from '../session-cookie';
import { CallSeen } from '../session-token';
import { signInBody, type SignInBody } from '../sign-in-body';
import { CLOCK } from '../tokens';

/** S2-04. */
interface SignedInReply {
  readonly status: 'success';
  readonly data: {
    readonly token: string;
    readonly user: { readonly id: number; readonly email: string; readonly role: Role };
  };
}

/** S2-10. */
interface MfaReply {
  readonly status: 'mfa_required';
  readonly data: { readonly mfa_token: string; readonly methods: readonly MfaMethod[] };
}

/** Where a session begins (S1-12, S1-13, S2-04, S2-10, S2-11). Its reply sets a cookie, so no page of another site may ask for it. */
@Controller('api/user/auth')
@Public({ ownPagesOnly: true })
export class S4eSignInController {
  constructor(
    private readonly signIn: SignInHandler,
    private readonly verifyMfa: VerifyMfaHandler,
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
  ): Promise<SignedInReply | MfaReply> {
    const signedIn = await this.signIn.execute({ ...body, seen, signal, requestId });
    if (signedIn.kind === 'mfa_required') {
      const { token, methods } = signedIn.challenge;
      void reply.header('cache-control', 'no-store');
      return { status: 'mfa_required', data: { mfa_token: token.reveal(), methods } };
    }
    return this.signedIn(signedIn, reply);
  }

  /** S2-11. */
  @Post('mfa/verify')
  @HttpCode(200)
  async verify(
    @Body(zodBody(mfaBody)) body: ShownCode,
    @CallSeen() seen: Seen,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInReply> {
    return this.signedIn(await this.verifyMfa.execute({ ...body, seen, requestId }), reply);
  }

  private signedIn({ session, contact, entry }: SignedInWithSession, reply: FastifyReply): SignedInReply {
    giveSessionCookie(reply, session, this.clock.now());
    const user = { id: contact.number, email: contact.email, role: entry.role };
    return { status: 'success', data: { token: session.token.reveal(), user } };
  }
}
