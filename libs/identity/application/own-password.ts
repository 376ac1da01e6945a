import { AppError, type Secret } from '@latchkey/kernel';
import { parseEmailAddress } from '../domain/email-address';
import type { ActiveUser } from '../domain/user/user';
import type { AccountLocks } from './account-locks';
import type { Caller } from './caller';
import type { PasswordCheck } from './password-check';
import type { Contact, Contacts, Users } from './ports';
import type { Seen } from './session-ports';

export interface PasswordProof {
  readonly password: Secret;
  /** The field of the request that it came in. */
  readonly field: string;
  readonly seen: Seen;
  readonly signal?: AbortSignal | undefined;
}

export interface ProvenUser {
  /** As it was before the password was looked at. */
  readonly user: ActiveUser;
  readonly contact: Contact;
}

/**
 * What a session alone may not do, because somebody may have got hold of it: its user shows the password once more. Attempts
 * are counted for the user alone, so strangers keep nobody from it; and whoever guesses with a session locks nobody out of signing in.
 */
export class OwnPassword {
  constructor(
    private readonly contacts: Contacts,
    private readonly users: Users,
    private readonly check: PasswordCheck,
    private readonly locks: AccountLocks,
  ) {}

  /** @throws AppError `password.wrong` that names the field; `session.ended`; what `PasswordCheck.check` throws */
  async prove({ password, field, seen, signal }: PasswordProof, caller: Caller): Promise<ProvenUser> {
    const user = await this.users.load(caller.userId);
    const contact = await this.contacts.find(caller.userId);
    // Erased: whatever the credential could do a moment ago.
    if (user.status !== 'Active' || !contact) throw new AppError('session.ended');
    const { userId, email } = contact;
    const account = parseEmailAddress(email)?.canonical ?? email;
    const result = await this.check.check({
      ...{ account, signedInAs: userId, whose: () => Promise.resolve(userId) },
      ...{ password, ip: seen.ip ?? undefined, signal },
    });
    if (!result.isRight) {
      if (result.lockedUntil) this.locks.note({ ...caller, until: result.lockedUntil });
      throw new AppError('password.wrong', { field });
    }
    return { user, contact };
  }
}
