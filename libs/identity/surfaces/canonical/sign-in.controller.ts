import { Body, Controller, HttpStatus, Inject, Post, Res } from '@nestjs/common';
import { mfaMethodSchema, roleSchema } from '@latchkey/contracts';
import { Public } from '@latchkey/guard';
import type { Clock, RequestId } from '@latchkey/kernel';
import { Answers, CurrentRequestId, Refuses, timestamp, timestampText, zodBody, type Reply } from '@latchkey/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Seen } from '../../application/session-ports';
import type { ShownCode } from '../../application/second-factor-check';
import { SignInHandler, type SignedInWithSession } from '../../application/sign-in.handler';
import { VerifyMfaHandler } from '../../application/verify-mfa.handler';
import { ClientGone } from '../client-gone';
import { mfaBody } from '../mfa-body';
import { CallSeen } from '../session-token';
import { signInBody, type SignInBody } from '../sign-in-body';
import { MFA_REFUSALS, SIGN_IN_REFUSALS } from '../refusals';
import { CLOCK } from '../tokens';
import { granted, grantSchema } from './session-record';

const signedInSchema = grantSchema
  .extend({
    status: z.literal('signed_in'),
    user: z.strictObject({
      id: z.string(),
      email: z.string(),
      name: z.string().nullable(),
      /** In the session's workspace. */
      role: roleSchema,
    }),
  })
  .meta({ id: 'SignedIn' });

type SignedInRecord = Reply<typeof signedInSchema>;

/** The password was right; the session is opened when a second factor was shown too (C12). */
const mfaSchema = z
  .strictObject({
    status: z.literal('mfa_required'),
    mfa_token: z.string(),
    methods: z.array(mfaMethodSchema),
    expires_at: timestampText,
  })
  .meta({ id: 'MfaRequired' });

/** 201 with a session, 200 while a second factor is still to be shown. */
@Controller('api/v1/sessions')
export class SignInController {
  constructor(
    private readonly signIn: SignInHandler,
    private readonly verifyMfa: VerifyMfaHandler,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @Public({ ownPagesOnly: true })
  @Answers(signedInSchema, { 200: mfaSchema })
  @Refuses(...SIGN_IN_REFUSALS)
  async open(
    @Body(zodBody(signInBody)) body: SignInBody,
    @CallSeen() seen: Seen,
    @ClientGone() signal: AbortSignal,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInRecord | Reply<typeof mfaSchema>> {
    const signedIn = await this.signIn.execute({ ...body, seen, signal, requestId });
    if (signedIn.kind === 'signed_in') return this.signedIn(signedIn, reply);
    void reply.status(HttpStatus.OK).header('cache-control', 'no-store');
    const { token, methods, expiresAt } = signedIn.challenge;
    return { status: 'mfa_required', mfa_token: token.reveal(), methods, expires_at: timestamp(expiresAt) };
  }

  /** The second step, where there is one. */
  @Post('mfa')
  @Public({ ownPagesOnly: true })
  @Answers(signedInSchema)
  @Refuses(...MFA_REFUSALS)
  async verify(
    @Body(zodBody(mfaBody)) body: ShownCode,
    @CallSeen() seen: Seen,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInRecord> {
    return this.signedIn(await this.verifyMfa.execute({ ...body, seen, requestId }), reply);
  }

  private signedIn({ session, contact, entry }: SignedInWithSession, reply: FastifyReply): SignedInRecord {
    const { userId: id, email, name } = contact;
    return {
      status: 'signed_in',
      ...granted(reply, session, this.clock.now()),
      user: { id, email, name, role: entry.role },
    };
  }
}
