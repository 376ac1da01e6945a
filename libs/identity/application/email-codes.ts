import type { Secret, UserId } from '@latchkey/kernel';
import type { EmailAddress } from '../domain/email-address';
import type { AttemptBudgets } from './attempts';
import type { Codes } from './mfa-ports';
import { tooManyAttempts } from './password-check';
import type { MailMessage } from './ports';

export interface EmailCode {
  readonly code: Secret;
  readonly mail: MailMessage;
}

/** Codes that are mailed. Whoever knows a password can ask for them without end, so there are a few in an hour. */
export class EmailCodes {
  constructor(
    private readonly budgets: AttemptBudgets,
    private readonly codes: Codes,
  ) {}

  /** @throws AppError `auth.rate_limited` */
  async next(userId: UserId, to: EmailAddress, now: Date, expiresAt: Date): Promise<EmailCode> {
    const charge = await this.budgets.charge([{ kind: 'code_mail', subject: userId }], now);
    if (charge.kind === 'refused') throw tooManyAttempts(charge.until, now);
    const code = this.codes.oneTimeCode();
    return { code, mail: { to, template: 'email_code', values: { code, expiresAt } } };
  }
}
