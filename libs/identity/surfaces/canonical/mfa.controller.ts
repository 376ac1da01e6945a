import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import type { MfaMethod } from '@latchkey/contracts';
import { Requires } from '@latchkey/guard';
import { AppError, type Clock, type Secret } from '@latchkey/kernel';
import { timestamp, zodBody } from '@latchkey/platform';
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
import { granted, type GrantRecord } from './session-record';

const passwordBody = z.strictObject({ password });
type PasswordBody = z.output<typeof passwordBody>;
const codeBody = z.strictObject({ code: oneTimeCode });
type CodeBody = z.output<typeof codeBody>;

interface MfaRecord {
  /** In the order in which they were enrolled. */
  readonly methods: readonly MfaMethod[];
  /** How many are left. */
  readonly recovery_codes: number;
}

/** What an authenticator app is set up with, shown this once. */
interface TotpRecord {
  readonly secret: string;
  readonly uri: string;
  /** The URI as a picture, as a `data:` URI. */
  readonly qr: string;
  readonly expires_at: string;
}

/** A new session: those before have ended. */
interface EnrolledRecord extends GrantRecord {
  /** With the first second factor, shown this once; else null. */
  readonly recovery_codes: readonly string[] | null;
}

const METHODS: ReadonlySet<string> = new Set<MfaMethod>(['totp', 'email']);
const isMethod = (text: string): text is MfaMethod => METHODS.has(text);

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
  async list(@CurrentCaller() caller: Caller): Promise<MfaRecord> {
    const { methods, recoveryCodes } = await this.read.execute(caller.userId);
    return { methods, recovery_codes: recoveryCodes };
  }

  @Post('totp')
  @HttpCode(200)
  async beginTotp(
    @Body(zodBody(passwordBody)) body: PasswordBody,
    @CallSeen() seen: Seen,
    @ClientGone() signal: AbortSignal,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TotpRecord> {
    const begun = await this.begin.totpApp(proofOf(body, seen, signal), caller);
    const { seed, uri, qr, expiresAt } = begun;
    keptByNobody(reply);
    return { secret: seed.reveal(), uri: uri.reveal(), qr: qr.reveal(), expires_at: timestamp(expiresAt) };
  }

  /** A code is on its way to the user's address. */
  @Post('email')
  @HttpCode(202)
  async beginEmail(
    @Body(zodBody(passwordBody)) body: PasswordBody,
    @CallSeen() seen: Seen,
    @ClientGone() signal: AbortSignal,
    @CurrentCaller() caller: Caller,
  ): Promise<{ readonly expires_at: string }> {
    const expiresAt = await this.begin.email(proofOf(body, seen, signal), caller);
    return { expires_at: timestamp(expiresAt) };
  }

  @Post(':method/confirm')
  @HttpCode(200)
  async confirmMethod(
    @Param('method') method: string,
    @Body(zodBody(codeBody)) { code }: CodeBody,
    @CallSeen() seen: Seen,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EnrolledRecord> {
    const confirmation = { method: known(method), code, seen };
    const { session, recoveryCodes } = await this.confirm.execute(confirmation, caller);
    return { ...granted(reply, session, this.clock.now()), recovery_codes: recoveryCodes && revealed(recoveryCodes) };
  }

  @Post('recovery-codes')
  @HttpCode(200)
  async newRecoveryCodes(
    @Body(zodBody(passwordBody)) body: PasswordBody,
    @CallSeen() seen: Seen,
    @ClientGone() signal: AbortSignal,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ readonly recovery_codes: readonly string[] }> {
    const proof = proofOf(body, seen, signal);
    const codes = await this.issueRecoveryCodes.execute(proof, caller);
    keptByNobody(reply);
    return { recovery_codes: revealed(codes) };
  }

  @Delete(':method')
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
