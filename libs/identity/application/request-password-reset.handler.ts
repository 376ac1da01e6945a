import type { Clock } from '@latchkey/kernel';
import { parseEmailAddress, type EmailAddress } from '../domain/email-address';
import { resetBudgets, type AttemptBudgets } from './attempts';
import type { Aside } from './aside';
import { tooManyAttempts } from './password-check';
import type { PasswordResets } from './password-ports';
import type { Contacts, Tokens, Users } from './ports';

/** How long the link in a mail can be used. */
export const RESET_LIFE_MS = 3_600_000;

/** Mails a link to reset the password, if there is such an account. Its answer is the same if there is none, and comes as soon. */
export class RequestPasswordResetHandler {
  constructor(
    private readonly contacts: Contacts,
    private readonly users: Users,
    private readonly resets: PasswordResets,
    private readonly budgets: AttemptBudgets,
    private readonly tokens: Tokens,
    private readonly aside: Aside,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `auth.rate_limited`: also where there is no account, as nothing is given back */
  async execute(email: EmailAddress, ip: string | undefined): Promise<void> {
    const now = this.clock.now();
    const charge = await this.budgets.charge(resetBudgets(email.canonical, ip), now);
    if (charge.kind === 'refused') throw tooManyAttempts(charge.until, now);
    this.aside.run(() => this.#begin(email, now));
  }

  async #begin(email: EmailAddress, now: Date): Promise<void> {
    const contact = await this.contacts.byEmail(email);
    // As the account has it, and not as it was asked for: another spelling may be another mailbox.
    const address = contact && parseEmailAddress(contact.email);
    if (!address || (await this.users.load(contact.userId)).status !== 'Active') return;
    await this.resets.begin({
      userId: contact.userId,
      email: address,
      token: this.tokens.next(),
      expiresAt: new Date(now.getTime() + RESET_LIFE_MS),
    });
  }
}
