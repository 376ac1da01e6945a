import type { MfaMethod } from '@latchkey/contracts';
import type { AccountNotices } from './account-notices';
import type { Caller } from './caller';
import type { CredentialChange } from './credential-change';
import type { SecondFactors } from './mfa-ports';
import type { OwnPassword, PasswordProof } from './own-password';
import type { SessionGrant } from './session-ports';

/** A second factor is asked for no more. With the last one its user's recovery codes go too; all sessions end, on every node. */
export class DisableMfaHandler {
  constructor(
    private readonly ownPassword: OwnPassword,
    private readonly factors: SecondFactors,
    private readonly change: CredentialChange,
    private readonly notices: AccountNotices,
  ) {}

  /** Answers a session in the place of the caller's. @throws AppError `mfa.not_enrolled`; what `OwnPassword.prove` throws; `session.ended` */
  async execute(method: MfaMethod, proof: PasswordProof, caller: Caller): Promise<SessionGrant> {
    const { user: before, contact } = await this.ownPassword.prove(proof, caller);
    const { userId } = before;
    return this.change.renew(
      {
        before,
        commands: (now) => [{ type: 'DisableMfa', method, now }],
        within: async (tx, user) => {
          if (method === 'totp') await this.factors.setSeed(tx, userId, null);
          if (user.status === 'Active' && user.mfa.length === 0) await this.factors.setRecoveryCodes(tx, userId, []);
          await this.notices.secondFactorChanged(tx, contact, 'disabled', method);
        },
      },
      caller,
      proof.seen,
    );
  }
}
