import { AppError, type Clock, type IdSource, type Secret } from '@latchkey/kernel';
import type { MfaMethod } from '@latchkey/contracts';
import { parseEmailAddress } from '../domain/email-address';
import type { Caller } from './caller';
import type { EmailCodes } from './email-codes';
import type { Codes, MfaEnrolments, PendingEnrolment, QrCodes, TotpCodes } from './mfa-ports';
import type { OwnPassword, PasswordProof, ProvenUser } from './own-password';

/** Time to set up an app, or to wait for a mail. */
export const ENROLMENT_LIFE_MS = 10 * 60_000;

export interface NewAuthenticator {
  /** In base32, for who cannot read the picture. */
  readonly seed: Secret;
  readonly uri: Secret;
  /** The URI as a picture. */
  readonly qr: Secret;
  readonly expiresAt: Date;
}

/** What is kept of an enrolment whose code was mailed. */
export const purposeOfEnrolment = (enrolmentId: string): string => `enrolment ${enrolmentId}`;

/** Begins to enrol a second factor, which it is when its user has shown a first code of it. Who begins again ends the enrolment before. */
export class BeginMfaHandler {
  constructor(
    private readonly ownPassword: OwnPassword,
    private readonly enrolments: MfaEnrolments,
    private readonly totp: TotpCodes,
    private readonly qrCodes: QrCodes,
    private readonly codes: Codes,
    private readonly emailCodes: EmailCodes,
    private readonly ids: IdSource,
    private readonly clock: Clock,
  ) {}

  /** The seed is shown this once. @throws AppError `mfa.already_enrolled`; what `OwnPassword.prove` throws */
  async totpApp(proof: PasswordProof, caller: Caller): Promise<NewAuthenticator> {
    const { pending, contact } = await this.#prove('totp', proof, caller);
    const seed = this.totp.newSeed();
    const uri = this.totp.uriOf(seed, contact.email);
    await this.enrolments.keep({ ...pending, factor: { method: 'totp', seed } }, null);
    return { seed, uri, qr: await this.qrCodes.dataUri(uri), expiresAt: pending.expiresAt };
  }

  /** Mails a code. Answers until when it is good. @throws AppError as `totpApp`; `auth.rate_limited` */
  async email(proof: PasswordProof, caller: Caller): Promise<Date> {
    const { pending, contact } = await this.#prove('email', proof, caller);
    const { enrolmentId, userId, expiresAt } = pending;
    const to = parseEmailAddress(contact.email);
    if (!to) throw new AppError('service.internal', { internal: `the address of user ${userId} is none` });
    const { code, mail } = await this.emailCodes.next(userId, to, this.clock.now(), expiresAt);
    const emailCode = this.codes.digestOf(code, purposeOfEnrolment(enrolmentId));
    await this.enrolments.keep({ ...pending, factor: { method: 'email', emailCode } }, mail);
    return expiresAt;
  }

  async #prove(
    method: MfaMethod,
    proof: PasswordProof,
    caller: Caller,
  ): Promise<Pick<ProvenUser, 'contact'> & { readonly pending: Omit<PendingEnrolment, 'factor'> }> {
    const { user, contact } = await this.ownPassword.prove(proof, caller);
    if (user.mfa.includes(method)) throw new AppError('mfa.already_enrolled');
    const expiresAt = new Date(this.clock.now().getTime() + ENROLMENT_LIFE_MS);
    const { userId, sessionGeneration: generation } = user;
    return { contact, pending: { enrolmentId: this.ids.next(), userId, generation, expiresAt } };
  }
}
