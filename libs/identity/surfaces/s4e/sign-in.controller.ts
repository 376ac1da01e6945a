import { Body, Controller, HttpCode, Inject, Post, Res } from '@nestjs/common';
import { mfaMethodSchema, roleSchema } from '@latchkey/contracts';
import { Public } from '@latchkey/guard';
import type { Clock, RequestId } from '@latchkey/kernel';
import { Answers, CurrentRequestId, Refuses, zodBody, type Reply } from '@latchkey/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Seen } from '../../application/session-ports';
import type { ShownCode } from '../../application/second-factor-check';
import { SignInHandler, type SignedInWithSession } from '../../application/sign-in.handler';
import { VerifyMfaHandler } from '../../application/verify-mfa.handler';
import { ClientGone } from '../client-gone';
import { mfaBody } from '../mfa-body';
import { giveSessionCookie } from '../session-cookie';
import { CallSeen } from '../session-token';
import { signInBody, type SignInBody } from '../sign-in-body';
import { MFA_REFUSALS, SIGN_IN_REFUSALS } from '../refusals';
import { CLOCK } from '../tokens';

/** S2-04. */
const signedInSchema = z
  .strictObject({
    status: z.literal('success'),
    data: z.strictObject({
      token: z.string(),
      user: z.strictObject({ id: z.number(), email: z.string(), role: roleSchema }),
    }),
  })
  .meta({ id: 'S4eSignedIn' });

type SignedInReply = Reply<typeof signedInSchema>;

/** S2-10. */
const mfaSchema = z
  .strictObject({
    status: z.literal('mfa_required'),
    data: z.strictObject({ mfa_token: z.string(), methods: z.array(mfaMethodSchema) }),
  })
  .meta({ id: 'S4eMfaRequired' });

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
  @Answers(z.union([signedInSchema, mfaSchema]))
  @Refuses(...SIGN_IN_REFUSALS)
  async logIn(
    @Body(zodBody(signInBody)) body: SignInBody,
    @CallSeen() seen: Seen,
    @ClientGone() signal: AbortSignal,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInReply | Reply<typeof mfaSchema>> {
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
  @Answers(signedInSchema)
  @Refuses(...MFA_REFUSALS)
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
