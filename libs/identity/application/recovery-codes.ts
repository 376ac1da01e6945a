import { Secret, type UserId } from '@latchkey/kernel';
import { parseRecoveryCode, RECOVERY_CODES } from '../domain/second-factor/codes';
import type { Codes, SecondFactors } from './mfa-ports';
import type { Transaction } from './ports';

const purposeOf = (userId: UserId): string => `recovery ${userId}`;

/** Codes on paper, for who has lost the second factor. Each is good once. */
export class RecoveryCodes {
  constructor(
    private readonly codes: Codes,
    private readonly factors: SecondFactors,
  ) {}

  /** To be shown once. */
  next(): readonly Secret[] {
    return Array.from({ length: RECOVERY_CODES }, () => this.codes.recoveryCode());
  }

  /** In the place of those that there are. */
  async set(tx: Transaction, userId: UserId, codes: readonly Secret[]): Promise<void> {
    const digests = codes.flatMap((code) => this.digestOf(userId, code) ?? []);
    await this.factors.setRecoveryCodes(tx, userId, digests);
  }

  /** `null`: it does not even look like one. */
  digestOf(userId: UserId, code: Secret): Uint8Array | null {
    const parsed = parseRecoveryCode(code.reveal());
    return parsed === null ? null : this.codes.digestOf(new Secret(parsed), purposeOf(userId));
  }
}
