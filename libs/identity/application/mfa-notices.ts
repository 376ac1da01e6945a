import type { MfaMethod } from '@latchkey/contracts';
import { parseEmailAddress } from '../domain/email-address';
import type { Contact, Mail, Transaction } from './ports';

/** Tells users what was changed in their name: it may not have been them. */
export class MfaNotices {
  constructor(private readonly mail: Mail) {}

  async send(tx: Transaction, { email }: Contact, change: 'enrolled' | 'disabled', method: MfaMethod): Promise<void> {
    const to = parseEmailAddress(email);
    if (to) await this.mail.send(tx, { to, template: 'second_factor_changed', values: { change, method } });
  }
}
