import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { mfaMethodSchema, type MfaMethod } from '@latchkey/contracts';
import { Requires } from '@latchkey/guard';
import { AppError, type Clock, type Secret } from '@latchkey/kernel';
import { Answers, Refuses, timestamp, timestampText, zodBody, type Reply } from '@latchkey/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Caller } from '../../application/caller';
import { BeginMfaHandler } from '../../application/begin-mfa.handler';
import { ConfirmMfaHandler } from '../../application/confirm-mfa.handler';
import { DisableMfaHandler } from '../../application/disable-mfa.handler';
import { IssueRecoveryCodesHandler } from '../../application/issue-recovery-codes.handler';
import type { PasswordProof } from '../../application/own-password';
import { ReadMfaQuery } from '../../application/read-mfa.query';
import type { Seen } from '../../application/session-ports';
import { CurrentCaller } from '../current-caller';
import { ClientGone } from '../client-gone';
import { oneTimeCode } from '../mfa-body';
import { CallSeen } from '../session-token';
import { password } from '../sign-in-body';
import { CLOCK } from '../tokens';
import { granted, grantSchema, type GrantRecord } from './session-record';

const passwordBody = z.strictObject({ password });
type PasswordBody = z.output<typeof passwordBody>;
const codeBody = z.strictObject({ code: oneTimeCode });
type CodeBody = z.output<typeof codeBody>;

const mfaSchema = z
  .strictObject({
    /** In the order in which they were enrolled. */
    methods: z.array(mfaMethodSchema),
    /** How many are left. */
    recovery_codes: z.number(),
  })
  .meta({ id: 'SecondFactors' });

/** What an authenticator app is set up with, shown this once. */
const totpSchema = z
  .strictObject({
    secret: z.string(),
    uri: z.string(),
    /** The URI as a picture, as a `data:` URI. */
    qr: z.string(),
    expires_at: timestampText,
  })
  .meta({ id: 'TotpEnrolment' });

const codeOnItsWaySchema = z.strictObject({ expires_at: timestampText });

/** A new session: those before have ended. */
const enrolledSchema = grantSchema
  .extend({
    /** With the first second factor, shown this once; else null. */
    recovery_codes: z.array(z.string()).nullable(),
  })
  .meta({ id: 'SecondFactorEnrolled' });

const recoveryCodesSchema = z.strictObject({ recovery_codes: z.array(z.string()) });

const isMethod = (text: string): text is MfaMethod => mfaMethodSchema.safeParse(text).success;

/** One's own second factors. Whoever has none may come here even where the workspace asks for one: else nobody could enrol. */
@Controller('api/v1/mfa')
@Requires({ scopes: [], credentials: ['session'], secondFactor: 'exempt' })
export class MfaController {
  constructor(
    private readonly read: ReadMfaQuery,
    private readonly begin: BeginMfaHandler,
    private readonly confirm: ConfirmMfaHandler,
    private readonly disable: DisableMfaHandler,
    private readonly issueRecoveryCodes: IssueRecoveryCodesHandler,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @Answers(mfaSchema)
  async list(@CurrentCaller() caller: Caller): Promise<Reply<typeof mfaSchema>> {
    const { methods, recoveryCodes } = await this.read.execute(caller.userId);
    return { methods, recovery_codes: recoveryCodes };
  }

  @Post('totp')
  @HttpCode(200)
  @Answers(totpSchema)
  @Refuses('password.wrong', 'session.ended', 'mfa.already_enrolled')
  async beginTotp(
    @Body(zodBody(passwordBody)) body: PasswordBody,
    @CallSeen() seen: Seen,
    @ClientGone() signal: AbortSignal,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Reply<typeof totpSchema>> {
    const begun = await this.begin.totpApp(proofOf(body, seen, signal), caller);
    const { seed, uri, qr, expiresAt } = begun;
    keptByNobody(reply);
    return { secret: seed.reveal(), uri: uri.reveal(), qr: qr.reveal(), expires_at: timestamp(expiresAt) };
  }

  /** A code is on its way to the user's address. */
  @Post('email')
  @HttpCode(202)
  @Answers(codeOnItsWaySchema)
  @Refuses('password.wrong', 'session.ended', 'mfa.already_enrolled')
  async beginEmail(
    @Body(zodBody(passwordBody)) body: PasswordBody,
    @CallSeen() seen: Seen,
    @ClientGone() signal: AbortSignal,
    @CurrentCaller() caller: Caller,
  ): Promise<Reply<typeof codeOnItsWaySchema>> {
    const expiresAt = await this.begin.email(proofOf(body, seen, signal), caller);
    return { expires_at: timestamp(expiresAt) };
  }

  @Post(':method/confirm')
  @HttpCode(200)
  @Answers(enrolledSchema)
  @Refuses('mfa.wrong_code', 'mfa.enrolment_ended', 'mfa.already_enrolled', 'session.ended')
  async confirmMethod(
    @Param('method') method: string,
    @Body(zodBody(codeBody)) { code }: CodeBody,
    @CallSeen() seen: Seen,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Reply<typeof enrolledSchema>> {
    const confirmation = { method: known(method), code, seen };
    const { session, recoveryCodes } = await this.confirm.execute(confirmation, caller);
    return { ...granted(reply, session, this.clock.now()), recovery_codes: recoveryCodes && revealed(recoveryCodes) };
  }

  @Post('recovery-codes')
  @HttpCode(200)
  @Answers(recoveryCodesSchema)
  @Refuses('password.wrong', 'session.ended', 'mfa.not_enrolled')
  async newRecoveryCodes(
    @Body(zodBody(passwordBody)) body: PasswordBody,
    @CallSeen() seen: Seen,
    @ClientGone() signal: AbortSignal,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Reply<typeof recoveryCodesSchema>> {
    const proof = proofOf(body, seen, signal);
    const codes = await this.issueRecoveryCodes.execute(proof, caller);
    keptByNobody(reply);
    return { recovery_codes: revealed(codes) };
  }

  @Delete(':method')
  @Answers(grantSchema)
  @Refuses('password.wrong', 'session.ended', 'mfa.not_enrolled')
  async disableMethod(
    @Param('method') method: string,
    @Body(zodBody(passwordBody)) body: PasswordBody,
    @CallSeen() seen: Seen,
    @ClientGone() signal: AbortSignal,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GrantRecord> {
    const proof = proofOf(body, seen, signal);
    return granted(reply, await this.disable.execute(known(method), proof, caller), this.clock.now());
  }
}

const proofOf = ({ password: shown }: PasswordBody, seen: Seen, signal: AbortSignal): PasswordProof => ({
  ...{ password: shown, field: 'password', seen, signal },
});

function known(method: string): MfaMethod {
  if (isMethod(method)) return method;
  throw new AppError('route.not_found');
}

const revealed = (codes: readonly Secret[]): readonly string[] => codes.map((code) => code.reveal());

const keptByNobody = (reply: FastifyReply): void => void reply.header('cache-control', 'no-store');
