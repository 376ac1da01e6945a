import type { Secret } from '@latchkey/kernel';
import type { AccountNotices } from './account-notices';
import type { Caller } from './caller';
import type { CredentialChange } from './credential-change';
import type { NewPasswords } from './new-passwords';
import type { OwnPassword } from './own-password';
import type { PasswordStore } from './password-ports';
import type { Seen, SessionGrant } from './session-ports';

export interface PasswordChange {
  readonly current: Secret;
  readonly next: Secret;
  readonly seen: Seen;
  readonly signal?: AbortSignal | undefined;
}

/** Somebody who is signed in chooses another password. All of the user's sessions end with it, on every node, before the answer. */
export class ChangePasswordHandler {
  constructor(
    private readonly ownPassword: OwnPassword,
    private readonly newPasswords: NewPasswords,
    private readonly passwords: Pick<PasswordStore, 'set'>,
    private readonly change: CredentialChange,
    private readonly notices: AccountNotices,
  ) {}

  /**
   * Answers a new session in the place of the caller's.
   * @throws AppError what `OwnPassword.prove`, `NewPasswords.hash` and `CredentialChange.renew` throw
   */
  async execute({ current, next, seen, signal }: PasswordChange, caller: Caller): Promise<SessionGrant> {
    const proof = { password: current, field: 'current_password', seen, signal };
    const { user: before, contact } = await this.ownPassword.prove(proof, caller);
    const { userId } = before;
    const hash = await this.newPasswords.hash({
      ...{ password: next, email: contact.email, field: 'new_password' },
      ...{ ip: seen.ip ?? undefined, signal },
    });
    return this.change.renew(
      {
        before,
        commands: (now) => [{ type: 'ChangePassword', how: 'changed', now }],
        within: async (tx, _user, now) => {
          await this.passwords.set(tx, userId, hash, now);
          await this.notices.passwordChanged(tx, contact, now);
        },
      },
      caller,
      seen,
    );
  }
}
