import { AppError, type Clock, type Secret } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import { parseEmailAddress } from '../domain/email-address';
import { decideUser } from '../domain/user/decide';
import type { ActiveUser } from '../domain/user/user';
import { metaOf, type Caller } from './caller';
import type { NewPasswords } from './new-passwords';
import type { PasswordCheck } from './password-check';
import type { PasswordStore } from './password-ports';
import type { Contact, Contacts, Users } from './ports';
import type { Seen, SessionGrant, Sessions } from './session-ports';

export interface PasswordChange {
  readonly current: Secret;
  readonly next: Secret;
  readonly seen: Seen;
  readonly signal?: AbortSignal | undefined;
}

/** Somebody who is signed in chooses another password. All of the user's sessions end with it, on every node, before the answer. */
export class ChangePasswordHandler {
  constructor(
    private readonly contacts: Contacts,
    private readonly users: Users,
    private readonly check: PasswordCheck,
    private readonly newPasswords: NewPasswords,
    private readonly passwords: Pick<PasswordStore, 'set'>,
    private readonly sessions: Sessions,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /**
   * Answers a new session in the place of the caller's.
   * @throws AppError `password.wrong`; `session.ended`; what `PasswordCheck.check` and `NewPasswords.hash` throw
   */
  async execute(change: PasswordChange, caller: Caller): Promise<SessionGrant> {
    const user = await this.users.load(caller.userId);
    const contact = await this.contacts.find(caller.userId);
    // Erased: whatever the credential could do a moment ago.
    if (user.status !== 'Active' || !contact) throw new AppError('session.ended');
    await this.#prove(change, contact);
    const { next: password, signal } = change;
    const hash = await this.newPasswords.hash({ password, email: contact.email, field: 'new_password', signal });
    const changed = await this.#set(user, hash, caller);
    return this.sessions.open({
      user: changed,
      workspaceId: caller.workspaceId,
      // A session of somebody who has a second factor is one that has shown it: enrolling ends those before.
      secondFactor: user.mfa.length > 0,
      seen: change.seen,
      requestId: caller.requestId,
    });
  }

  async #prove({ current, seen, signal }: PasswordChange, { userId, email }: Contact): Promise<void> {
    const account = parseEmailAddress(email)?.canonical ?? email;
    const result = await this.check.check({ account, userId, password: current, ip: seen.ip ?? undefined, signal });
    if (!result.isRight) throw new AppError('password.wrong', { field: 'current_password' });
  }

  async #set(before: ActiveUser, hash: Secret, caller: Caller): Promise<ActiveUser> {
    const now = this.clock.now();
    const { user, changed } = await this.users.write({
      userId: before.userId,
      decide: (state) => {
        // The password that was proved may be the one before the last by now: every change of it begins a generation.
        const isSame = state.status === 'Active' && state.sessionGeneration === before.sessionGeneration;
        if (!isSame) throw new AppError('session.ended');
        return decideUser({ type: 'ChangePassword', how: 'changed', now }, state);
      },
      meta: metaOf(caller, now),
      within: (tx) => this.passwords.set(tx, before.userId, hash, now),
    });
    await this.settlement.settle([changed]);
    if (user.status !== 'Active') throw new AppError('session.ended');
    return user;
  }
}
