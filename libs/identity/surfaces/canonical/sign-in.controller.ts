import { Body, Controller, HttpStatus, Inject, Post, Res } from '@nestjs/common';
import type { MfaMethod, Role } from '@latchkey/contracts';
import { Public } from '@latchkey/guard';
import type { Clock, RequestId } from '@latchkey/kernel';
import { CurrentRequestId, timestamp, zodBody } from '@latchkey/platform';
import type { FastifyReply } from 'fastify';
import type { Seen } from '../../application/session-ports';
import type { ShownCode } from '../../application/second-factor-check';
import { SignInHandler, type SignedInWithSession } from '../../application/sign-in.handler';
import { VerifyMfaHandler } from '../../application/verify-mfa.handler';
import { ClientGone } from '../client-gone';
import { mfaBody } from '../mfa-body';
import { CallSeen } from '../session-token';
import { signInBody, type SignInBody } from '../sign-in-body';
import { CLOCK } from '../tokens';
import { granted, type GrantRecord } from './session-record';

interface SignedInRecord extends GrantRecord {
  readonly status: 'signed_in';
  readonly user: {
    readonly id: string;
    readonly email: string;
    readonly name: string | null;
    /** In the session's workspace. */
    readonly role: Role;
  };
}

/** The password was right; the session is opened when a second factor was shown too (C12). */
interface MfaRecord {
  readonly status: 'mfa_required';
  readonly mfa_token: string;
  readonly methods: readonly MfaMethod[];
  readonly expires_at: string;
}

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
  async open(
    @Body(zodBody(signInBody)) body: SignInBody,
    @CallSeen() seen: Seen,
    @ClientGone() signal: AbortSignal,
    @CurrentRequestId() requestId: RequestId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedInRecord | MfaRecord> {
    const signedIn = await this.signIn.execute({ ...body, seen, signal, requestId });
    if (signedIn.kind === 'signed_in') return this.signedIn(signedIn, reply);
    void reply.status(HttpStatus.OK).header('cache-control', 'no-store');
    const { token, methods, expiresAt } = signedIn.challenge;
    return { status: 'mfa_required', mfa_token: token.reveal(), methods, expires_at: timestamp(expiresAt) };
  }

  /** The second step, where there is one. */
  @Post('mfa')
  @Public({ ownPagesOnly: true })
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
