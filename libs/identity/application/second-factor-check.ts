import { assertNever, type Secret } from '@latchkey/kernel';
import type { Codes, PendingChallenge, SecondFactors, TotpCodes } from './mfa-ports';
import type { Transaction } from './ports';
import type { RecoveryCodes } from './recovery-codes';
import type { SecondFactorMethod } from './sign-in-ports';

/** Uses up a code that was right. @returns false when somebody else was faster */
export type UseCode = (tx: Transaction) => Promise<boolean>;

/** What a mailed code is good for. */
export const purposeOfChallenge = (token: Secret): string => `challenge ${token.reveal()}`;

export interface ShownCode {
  /** Of the challenge. */
  readonly token: Secret;
  readonly method: SecondFactorMethod;
  readonly code: Secret;
}

/** Whether a code is right. Whoever asks has charged the attempt before. */
export class SecondFactorCheck {
  constructor(
    private readonly factors: SecondFactors,
    private readonly totp: TotpCodes,
    private readonly codes: Codes,
    private readonly recoveryCodes: RecoveryCodes,
  ) {}

  /** `null`: it is wrong. */
  async check(challenge: PendingChallenge, shown: ShownCode, now: Date): Promise<UseCode | null> {
    const { userId, emailCode } = challenge;
    const { method, code, token } = shown;
    switch (method) {
      case 'totp': {
        const seed = await this.factors.seedOf(userId);
        const step = seed && this.totp.stepOf(seed, code, now);
        return step === null ? null : (tx) => this.factors.claimStep(tx, userId, step);
      }
      case 'email':
        // It is good for this challenge alone, which is used up with it.
        return emailCode && this.codes.matches(code, purposeOfChallenge(token), emailCode) ? async () => true : null;
      case 'recovery_code': {
        const digest = this.recoveryCodes.digestOf(userId, code);
        if (!digest || !(await this.factors.hasRecoveryCode(userId, digest))) return null;
        return (tx) => this.factors.useRecoveryCode(tx, userId, digest);
      }
      default:
        return assertNever(method);
    }
  }
}
