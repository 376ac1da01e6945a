import type { Secret } from '@latchkey/kernel';
import type { Caller } from './caller';
import type { CredentialChange } from './credential-change';
import type { OwnPassword, PasswordProof } from './own-password';
import type { RecoveryCodes } from './recovery-codes';

/** New recovery codes, to be shown this once. Those that there were are good no more; sessions go on. */
export class IssueRecoveryCodesHandler {
  constructor(
    private readonly ownPassword: OwnPassword,
    private readonly recoveryCodes: RecoveryCodes,
    private readonly change: CredentialChange,
  ) {}

  /** @throws AppError `mfa.not_enrolled`: there is nothing that they could stand in for; what `OwnPassword.prove` throws */
  async execute(proof: PasswordProof, caller: Caller): Promise<readonly Secret[]> {
    const { user: before } = await this.ownPassword.prove(proof, caller);
    const codes = this.recoveryCodes.next();
    await this.change.make(
      {
        before,
        commands: (now) => [{ type: 'IssueRecoveryCodes', count: codes.length, now }],
        within: (tx) => this.recoveryCodes.set(tx, before.userId, codes),
      },
      caller,
    );
    return codes;
  }
}
