import { networkOf } from '@latchkey/access';
import { AppError, type Clock, type RequestId, type Secret } from '@latchkey/kernel';
import type { Settlement } from '@latchkey/live-state';
import { parseEmailAddress } from '../domain/email-address';
import { decideUser } from '../domain/user/decide';
import type { AccountNotices } from './account-notices';
import { resetByMail, tokenBudgets, type AttemptBudgets, type ChargedBudget, type FamiliarNetworks } from './attempts';
import type { NewPasswords } from './new-passwords';
import { tooManyAttempts } from './password-check';
import type { PasswordResets, PasswordStore } from './password-ports';
import type { Contact, Contacts, Transaction, Users } from './ports';

export interface ResetConfirmation {
  readonly token: Secret;
  readonly password: Secret;
  readonly ip: string | undefined;
  readonly requestId: RequestId;
  readonly signal?: AbortSignal | undefined;
}

/** Of a token, and what showing it was charged. */
interface Holder {
  readonly contact: Contact;
  readonly charged: readonly ChargedBudget[];
}

/**
 * Sets the password of whoever holds the token of a mail. It opens no session: who has a second factor still shows it when signing in. All
 * sessions of the user end, on every node, before the answer; an account that was locked is open again.
 */
export class ConfirmPasswordResetHandler {
  constructor(
    private readonly contacts: Contacts,
    private readonly users: Users,
    private readonly resets: PasswordResets,
    private readonly newPasswords: NewPasswords,
    private readonly passwords: Pick<PasswordStore, 'set'>,
    private readonly budgets: AttemptBudgets,
    private readonly familiar: FamiliarNetworks,
    private readonly notices: AccountNotices,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `password.reset_ended`; `auth.rate_limited`; what `NewPasswords.hash` throws */
  async execute(confirmation: ResetConfirmation): Promise<void> {
    const { contact, charged } = await this.#whose(confirmation);
    const { password, ip, signal } = confirmation;
    const hash = await this.newPasswords.hash({ password, email: contact.email, field: 'new_password', ip, signal });
    await this.#set(contact, hash, confirmation);
    // Only now: one who holds a token would have passwords hashed for nothing.
    await this.budgets.giveBack(charged);
    const account = parseEmailAddress(contact.email)?.canonical ?? contact.email;
    await this.budgets.reset(resetByMail(account, contact.userId, confirmation.ip));
    // Or whoever had locked the account would lock it again before its user is in.
    await this.familiar.note(contact.userId, networkOf(confirmation.ip), this.clock.now());
  }

  /** Nobody guesses 256 bits; but whoever tries does not do so without end. */
  async #whose({ token, ip }: ResetConfirmation): Promise<Holder> {
    const now = this.clock.now();
    const charge = await this.budgets.charge(tokenBudgets(ip), now);
    if (charge.kind === 'refused') throw tooManyAttempts(charge.until, now);
    const userId = await this.resets.find(token, now);
    const contact = userId && (await this.contacts.find(userId));
    if (!contact) throw ended();
    return { contact, charged: charge.budgets };
  }

  async #set(contact: Contact, hash: Secret, { token, requestId }: ResetConfirmation): Promise<void> {
    const now = this.clock.now();
    const { userId } = contact;
    const { changed } = await this.users.write({
      userId,
      decide: (state) => decideUser({ type: 'ChangePassword', how: 'reset', now }, state),
      meta: { actorId: userId, workspaceId: '', requestId, at: now },
      within: (tx) => this.#use(tx, contact, token, hash, now),
    });
    await this.settlement.settle([changed]);
  }

  async #use(tx: Transaction, contact: Contact, token: Secret, hash: Secret, now: Date): Promise<void> {
    const { userId } = contact;
    if (!(await this.resets.use(tx, token, now))) throw ended();
    await this.passwords.set(tx, userId, hash, now);
    await this.contacts.verified(tx, userId, now);
    await this.notices.passwordChanged(tx, contact, now);
  }
}

const ended = () => new AppError('password.reset_ended', { field: 'token' });
