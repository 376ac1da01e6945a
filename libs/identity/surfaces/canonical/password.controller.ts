import { Body, Controller, HttpCode, Inject, Post, Put, Res } from '@nestjs/common';
import { Public, Requires } from '@latchkey/guard';
import { Secret, type Clock, type RequestId } from '@latchkey/kernel';
import { Answers, ClientIp, CurrentRequestId, Refuses, zodBody } from '@latchkey/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Caller } from '../../application/caller';
import { ChangePasswordHandler } from '../../application/change-password.handler';
import { ConfirmPasswordResetHandler } from '../../application/confirm-password-reset.handler';
import { RequestPasswordResetHandler } from '../../application/request-password-reset.handler';
import type { Seen } from '../../application/session-ports';
import { email } from '../bodies';
import { CurrentCaller } from '../current-caller';
import { ClientGone } from '../client-gone';
import { CallSeen } from '../session-token';
import { password } from '../sign-in-body';
import { CLOCK } from '../tokens';
import { granted, grantSchema, type GrantRecord } from './session-record';

const TOKEN_LENGTH_MAX = 200;

const changeBody = z.strictObject({ current_password: password, new_password: password });
const resetBody = z.strictObject({ email });
const confirmBody = z.strictObject({
  token: z
    .string()
    .min(1)
    .max(TOKEN_LENGTH_MAX)
    .transform((text) => new Secret(text)),
  new_password: password,
});

/** One's own password. */
@Controller('api/v1/password')
export class PasswordController {
  constructor(
    private readonly changePassword: ChangePasswordHandler,
    private readonly requestReset: RequestPasswordResetHandler,
    private readonly confirmReset: ConfirmPasswordResetHandler,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Every session of the user ends; the reply has a new one for the caller. */
  @Put()
  @Requires({ scopes: [], credentials: ['session'], secondFactor: 'exempt' })
  @Answers(grantSchema)
  @Refuses('password.wrong', 'password.refused', 'session.ended')
  async change(
    @Body(zodBody(changeBody)) body: z.output<typeof changeBody>,
    @CallSeen() seen: Seen,
    @ClientGone() signal: AbortSignal,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GrantRecord> {
    const change = { current: body.current_password, next: body.new_password, seen, signal };
    const grant = await this.changePassword.execute(change, caller);
    return granted(reply, grant, this.clock.now());
  }

  /** The same answer whether or not there is such an account; if there is, a mail is on its way. */
  @Post('reset')
  @HttpCode(202)
  @Public({ ownPagesOnly: true })
  @Refuses('auth.rate_limited')
  async askForReset(
    @Body(zodBody(resetBody)) body: z.output<typeof resetBody>,
    @ClientIp() ip: string | undefined,
  ): Promise<void> {
    await this.requestReset.execute(body.email, ip);
  }

  /** It signs nobody in: who has a second factor shows it as ever. */
  @Post('reset/confirm')
  @HttpCode(204)
  @Public({ ownPagesOnly: true })
  @Refuses('password.reset_ended', 'password.refused', 'auth.rate_limited')
  async reset(
    @Body(zodBody(confirmBody)) body: z.output<typeof confirmBody>,
    @ClientIp() ip: string | undefined,
    @ClientGone() signal: AbortSignal,
    @CurrentRequestId() requestId: RequestId,
  ): Promise<void> {
    await this.confirmReset.execute({ token: body.token, password: body.new_password, ip, signal, requestId });
  }
}
