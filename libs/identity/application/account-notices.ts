import type { MfaMethod } from '@latchkey/contracts';
import { parseEmailAddress } from '../domain/email-address';
import type { Contact, Mail, MailMessage, Transaction } from './ports';

type Notice = MailMessage extends infer Message
  ? Message extends { template: 'password_changed' | 'second_factor_changed' | 'account_locked' }
    ? Omit<Message, 'to'>
    : never
  : never;

/** Tells users what was done in their name, or to their account: it may not have been them. */
export class AccountNotices {
  constructor(private readonly mail: Mail) {}

  passwordChanged(tx: Transaction, contact: Contact, at: Date): Promise<void> {
    return this.#send(tx, contact, { template: 'password_changed', values: { at } });
  }

  secondFactorChanged(
    tx: Transaction,
    contact: Contact,
    change: 'enrolled' | 'disabled',
    method: MfaMethod,
  ): Promise<void> {
    return this.#send(tx, contact, { template: 'second_factor_changed', values: { change, method } });
  }

  locked(tx: Transaction, contact: Contact, until: Date): Promise<void> {
    return this.#send(tx, contact, { template: 'account_locked', values: { until } });
  }

  async #send(tx: Transaction, { email }: Contact, notice: Notice): Promise<void> {
    const to = parseEmailAddress(email);
    if (to) await this.mail.send(tx, { to, ...notice });
  }
}
